// One receive and one send of each of many sockets: a crossing into native code for a batch of them
// where recv and send take one each. Its memory is laid out as SocketBatch in
// native/core/socket_batch.h.
import { invalidType, invalidValue } from '../errors.ts';
import { native } from '../native.ts';
import { checkFd, checkInteger, REFUSED, refuseUnnamed } from '../validate.ts';

const ENTRIES_MAX = 1 << 16;
const BYTES_MAX = 1 << 30;
const ROWS = 4;

/**
 * Room for one receive and one send of each of many sockets. Write the descriptors of what is ready
 * to `fds`, call {@link recvEach}, write what is to be answered (or leave what was received), call
 * {@link sendEach}: an echo needs nothing in between.
 *
 * Between the two calls the bytes of a socket are no longer in the kernel: a caller that closes it,
 * hands it on, or stops reading it there must keep them or lose them.
 *
 * @example
 * const batch = new SocketBatch(64, 1 << 18);
 * for (let i = 0; i < count; i++) batch.fds[i] = poller.events.fd(i);
 * const done = recvEach(batch, count, 1 << 16);
 * sendEach(batch, done);
 */
export class SocketBatch {
  /** How many sockets there is room for. */
  readonly entriesMax: number;
  /** The descriptor of each entry. */
  readonly fds: Int32Array;
  /** Where in `bytes` those of an entry begin: `recvEach` writes it, `sendEach` reads it. */
  readonly offsets: Uint32Array;
  /** How many bytes: `recvEach` writes it, 0 for an end or an error; `sendEach` reads it, and sends nothing for 0. */
  readonly lengths: Uint32Array;
  /**
   * What became of each entry in the last call: bytes, or -errno. 0 of `recvEach` is the end of a
   * stream, or an empty datagram.
   */
  readonly results: Int32Array;
  /** The bytes of all entries. */
  readonly bytes: Uint8Array;
  readonly #memory: Uint8Array;

  /**
   * @param entriesMax - 1 to 65536.
   * @param bytesCount - bytes of all entries together, 1 to 2^30.
   */
  constructor(entriesMax: number, bytesCount: number) {
    this.entriesMax = checkInteger('entriesMax', entriesMax, 1, ENTRIES_MAX);
    checkInteger('bytesCount', bytesCount, 1, BYTES_MAX);
    const headerSize = ROWS * Int32Array.BYTES_PER_ELEMENT * entriesMax;
    const memory = new ArrayBuffer(headerSize + bytesCount);
    const start = (row: number) => row * Int32Array.BYTES_PER_ELEMENT * entriesMax;
    this.fds = new Int32Array(memory, start(0), entriesMax);
    this.offsets = new Uint32Array(memory, start(1), entriesMax);
    this.lengths = new Uint32Array(memory, start(2), entriesMax);
    this.results = new Int32Array(memory, start(3), entriesMax);
    this.bytes = new Uint8Array(memory, headerSize);
    this.#memory = new Uint8Array(memory);
  }

  /** @internal its memory, or undefined when `value` is none of ours. */
  static memoryIn(value: unknown): Uint8Array | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #memory in value ? value.#memory : undefined;
  }
}

/**
 * Receives once of each of the first `count` sockets of a batch, and waits for none.
 *
 * What is received lies one behind the other in `batch.bytes`. When fewer than `sizeMax` bytes of
 * room are left, the rest of the sockets are not received of: call again when these are done, with
 * their descriptors in front. A result below `sizeMax` means what it does for `recv`: there was no
 * more.
 *
 * @param batch - `fds` is read; `offsets`, `lengths`, `results` and `bytes` are filled.
 * @param count - 0 to `batch.entriesMax`.
 * @param sizeMax - most bytes of one socket, 1 to the length of `batch.bytes`.
 * @returns how many sockets were received of, 1 to `count`; whatever became of each is in `results`.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see recv(2), with MSG_DONTWAIT
 */
export function recvEach(batch: SocketBatch, count: number, sizeMax: number): number {
  const memory = memoryOf(batch);
  const { entriesMax, bytes } = batch;
  const result = native.recvEach(memory, entriesMax, bytes.length, count, sizeMax);
  if (result !== REFUSED) return result;
  checkEntries(batch, count);
  checkInteger('sizeMax', sizeMax, 1, bytes.length);
  return refuseUnnamed();
}

/**
 * Sends once on each of the first `count` sockets of a batch, and waits for none: `lengths` bytes of
 * `batch.bytes` from `offsets` on. An entry with a length of 0 is passed over. `MSG_NOSIGNAL` is
 * always added.
 *
 * @param batch - `fds`, `offsets`, `lengths` and `bytes` are read, `results` is filled.
 * @param count - 0 to `batch.entriesMax`.
 * @returns how many entries were not sent whole; when it is 0, `results` has nothing new.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}; then nothing was sent.
 * @see send(2), with MSG_DONTWAIT
 */
export function sendEach(batch: SocketBatch, count: number): number {
  const memory = memoryOf(batch);
  const { entriesMax, bytes, offsets, lengths } = batch;
  const result = native.sendEach(memory, entriesMax, bytes.length, count);
  if (result !== REFUSED) return result;
  checkEntries(batch, count);
  for (let i = 0; i < count; i++) {
    const offset = checkInteger(`batch.offsets[${i}]`, offsets[i], 0, bytes.length);
    checkInteger(`batch.lengths[${i}]`, lengths[i], 0, bytes.length - offset);
  }
  return refuseUnnamed();
}

function memoryOf(batch: SocketBatch): Uint8Array {
  const memory = SocketBatch.memoryIn(batch);
  if (memory === undefined) throw invalidType('batch', 'a SocketBatch', batch);
  if (memory.length === 0) {
    throw invalidValue('batch', 'a SocketBatch with memory that is not detached', batch);
  }
  return memory;
}

function checkEntries({ fds, entriesMax }: SocketBatch, count: unknown): void {
  const wanted = checkInteger('count', count, 0, entriesMax);
  for (let i = 0; i < wanted; i++) checkFd(fds[i], `batch.fds[${i}]`);
}
