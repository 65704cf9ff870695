// The table of descriptors: the lowest free number first, as POSIX has it, from a number that no real
// descriptor has, so that calls on files of the real kernel can be let through.
import { constants } from 'node:os';
import type { OpenFile } from './open-file.ts';

const { EBADF, EMFILE } = constants.errno;

/** The first simulated number. */
export const FIRST_FD: number = 2 ** 20;

/** Numbers and what they are of. */
export class DescriptorTable {
  /** Numbers that may be open at a time (RLIMIT_NOFILE). */
  limit: number;
  readonly #files: (OpenFile | undefined)[] = [];
  readonly #counts = new Map<OpenFile, number>();
  readonly #inodes = new WeakMap<OpenFile, number>();
  #lastInode = 0;
  readonly #inherited = new Set<number>();
  #openCount = 0;
  /** No index below it is free. */
  #lowest = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get openCount(): number {
    return this.#openCount;
  }

  /** The open numbers, lowest first. */
  get numbers(): number[] {
    return this.#files.flatMap((file, index) => (file === undefined ? [] : [FIRST_FD + index]));
  }

  fileOf(fd: number): OpenFile | undefined {
    return this.#files[fd - FIRST_FD];
  }

  /** @param from - the lowest number that will do. @returns the lowest free one, or -EMFILE. */
  open(file: OpenFile, from: number = FIRST_FD): number {
    if (this.#openCount >= this.limit) return -EMFILE;
    let index = Math.max(this.#lowest, from - FIRST_FD);
    while (this.#files[index] !== undefined) index++;
    if (from <= FIRST_FD + this.#lowest) this.#lowest = index + 1;
    this.#files[index] = file;
    this.keep(file);
    this.#openCount++;
    return FIRST_FD + index;
  }

  /** @returns 0 or -EBADF. */
  close(fd: number): number {
    const file = this.fileOf(fd);
    if (file === undefined) return -EBADF;
    const index = fd - FIRST_FD;
    this.#files[index] = undefined;
    this.#lowest = Math.min(this.#lowest, index);
    this.#openCount--;
    this.#inherited.delete(fd);
    this.drop(file);
    return 0;
  }

  /** A file is kept open though it has no number: it is on its way to another one. */
  keep(file: OpenFile): void {
    this.#counts.set(file, (this.#counts.get(file) ?? 0) + 1);
  }

  /** The opposite of `keep`. */
  drop(file: OpenFile): void {
    const left = (this.#counts.get(file) ?? 1) - 1;
    if (left > 0) {
      this.#counts.set(file, left);
      return;
    }
    this.#counts.delete(file);
    file.watchers.release();
    file.release();
  }

  /** The number of a file among all that were open, as st_ino. */
  inodeOf(file: OpenFile): number {
    let inode = this.#inodes.get(file);
    if (inode === undefined) {
      inode = ++this.#lastInode;
      this.#inodes.set(file, inode);
    }
    return inode;
  }

  /** Whether a number has no FD_CLOEXEC. */
  isInherited(fd: number): boolean {
    return this.#inherited.has(fd);
  }

  setInherited(fd: number, isInherited: boolean): void {
    if (isInherited) this.#inherited.add(fd);
    else this.#inherited.delete(fd);
  }
}
