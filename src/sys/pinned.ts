// Memory at an address that native code knows. A call on a Uint8Array asks Node-API where its bytes are
// each time; a pinned buffer was asked once: about 30 ns less per call, in a loop over a closed number.
import { EdgewiseError } from '../errors.ts';
import { native } from '../native.ts';
import { checkFd, checkInteger, REFUSED, refuseTransfer, refuseUnnamed } from '../validate.ts';

const LENGTH_MAX = 0x7fff_ffff;

const collected = new FinalizationRegistry<number>((block) => native.unpin(block));

/**
 * A buffer to receive into and send from again and again: one per thread is what a server needs.
 *
 * Each method is the system call of its name over `bytes`, with the results and errors of
 * {@link recv}, {@link send}, {@link read} and {@link write}.
 *
 * @example
 * const buffer = new sys.PinnedBuffer(65536);
 * const count = buffer.recv(fd);
 * if (count > 0) buffer.send(fd, 0, count);
 */
export class PinnedBuffer {
  /** The memory. It stays where it is, also when its ArrayBuffer is transferred away. */
  readonly bytes: Uint8Array;
  readonly #block: number;

  /**
   * @param length - bytes, 1 to 2^31 - 1.
   * @throws RangeError - ERR_OUT_OF_RANGE.
   * @throws EdgewiseError - ERR_MEMORY_UNAVAILABLE: no memory, or a host that forbids memory of
   *   native code (Electron).
   */
  constructor(length: number) {
    const pinned = native.pin(checkInteger('length', length, 1, LENGTH_MAX));
    if (typeof pinned === 'number') {
      throw new EdgewiseError('ERR_MEMORY_UNAVAILABLE', `cannot pin ${length} bytes here`);
    }
    const [block, memory] = pinned;
    this.#block = block;
    this.bytes = new Uint8Array(memory);
    collected.register(this, block);
  }

  /** @see recv(2) */
  recv(fd: number, offset?: number, length?: number): number {
    const result =
      offset === undefined && length === undefined
        ? native.pinnedRecv(this.#block, fd)
        : native.pinnedRecv(this.#block, fd, offset, length);
    return result === REFUSED ? this.#refuse(fd, offset, length) : result;
  }

  /** @see send(2) */
  send(fd: number, offset?: number, length?: number): number {
    const result = native.pinnedSend(this.#block, fd, offset, length);
    return result === REFUSED ? this.#refuse(fd, offset, length) : result;
  }

  /** @see read(2) */
  read(fd: number, offset?: number, length?: number): number {
    const result = native.pinnedRead(this.#block, fd, offset, length);
    return result === REFUSED ? this.#refuse(fd, offset, length) : result;
  }

  /** @see write(2) */
  write(fd: number, offset?: number, length?: number): number {
    const result = native.pinnedWrite(this.#block, fd, offset, length);
    return result === REFUSED ? this.#refuse(fd, offset, length) : result;
  }

  #refuse(fd: unknown, offset: unknown, length: unknown): never {
    checkFd(fd);
    if (this.bytes.length > 0) refuseTransfer(fd, this.bytes, offset, length);
    refuseUnnamed();
  }
}
