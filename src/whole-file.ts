// A file that is there as a whole, or not at all: it is written beside its place, and moved there.
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { errnoError, invalidType } from './errors.ts';

/**
 * Writes a file. What was there before is replaced when all is written, and not touched when it fails.
 *
 * @param path - a device or a pipe is written to as it is.
 * @throws ErrnoError - of the file, such as ENOENT, EACCES, ENOSPC.
 */
export function writeWhole(path: string, content: Uint8Array | string): void {
  if (typeof path !== 'string') throw invalidType('path', 'a string', path);
  const beside = isSpecial(path) ? path : `${path}.${process.pid}.${threadId}`;
  try {
    writeFileSync(beside, content);
    if (beside !== path) renameSync(beside, path);
  } catch (error) {
    if (beside !== path) rmSync(beside, { force: true });
    const { errno, syscall = 'open' } = error as NodeJS.ErrnoException;
    throw errno === undefined ? error : errnoError(errno, syscall, { path });
  }
}

function isSpecial(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}
