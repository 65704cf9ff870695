// Files among the bytes of a Unix socket. As Linux has it, a read ends before bytes that came with files, and
// behind them: what one sendmsg has passed is not mixed with what another one has. unix(7), SCM_RIGHTS.
import type { PassedFile } from './open-file.ts';

interface Parcel {
  /** Where its bytes begin and end, counted from the first byte of the stream. */
  readonly begin: number;
  readonly end: number;
  readonly files: readonly PassedFile[];
}

/** What is on its way beside the bytes of one direction. */
export class PassedFiles {
  #parcels: Parcel[] = [];
  #taken: readonly PassedFile[] = [];
  #writtenBytes = 0;
  #readBytes = 0;

  /** Bytes were written with files. */
  put(files: readonly PassedFile[], count: number): void {
    const begin = this.#writtenBytes;
    this.skip(count);
    this.#parcels.push({ begin, end: this.#writtenBytes, files });
  }

  /** Bytes were written without. */
  skip(count: number): void {
    this.#writtenBytes += count;
  }

  /** Of `count` bytes that could be read, how many are read together; their files are taken with them. */
  take(count: number): number {
    const [first] = this.#parcels;
    if (first === undefined) {
      this.#readBytes += count;
      return count;
    }
    const isInside = first.begin <= this.#readBytes;
    const most = (isInside ? first.end : first.begin) - this.#readBytes;
    const together = Math.min(count, most);
    if (first.begin === this.#readBytes && together > 0)
      this.#taken = [...this.#taken, ...first.files];
    this.#readBytes += together;
    if (this.#readBytes >= first.end) this.#parcels.shift();
    return together;
  }

  /** The files that were taken. */
  taken(): readonly PassedFile[] {
    const taken = this.#taken;
    this.#taken = [];
    return taken;
  }

  /** No one reads them any more. */
  clear(): void {
    for (const { begin, files } of this.#parcels.splice(0)) {
      // Those whose first bytes were read are the reader's.
      if (begin >= this.#readBytes) for (const { drop } of files) drop();
    }
  }
}
