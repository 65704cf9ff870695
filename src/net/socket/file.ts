// The file of a Unix socket: what is there, and its removal.
import type { Stats } from 'node:fs';
import { errnoError } from '../../errors.ts';
import { native } from '../../native.ts';

/** What is at a path itself; undefined: nothing. @throws ErrnoError - of lstat(2), but for ENOENT. */
export function statOf(path: string): Stats | undefined {
  return typed(path, () => native.lstatSync(path));
}

/** @throws ErrnoError - of unlink(2), but for ENOENT: it is gone, which is what we want. */
export function removeFile(path: string): void {
  typed(path, () => {
    try {
      native.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  });
}

/** Makes a call of node:fs. @throws ErrnoError - in place of its errors. */
export function typed<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { errno, syscall } = error as NodeJS.ErrnoException;
    throw errno === undefined || syscall === undefined
      ? error
      : errnoError(errno, syscall, { path });
  }
}
