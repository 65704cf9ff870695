// A stream connection for `await`. It reads on demand: what is there is given at once, and only
// would-block waits for the reactor. The handler connection beneath it (net/connection/) writes,
// times out and closes.
import { constants as os } from 'node:os';
import { types } from 'node:util';
import { EdgewiseError } from '../errors.ts';
import { ReadDemand } from '../flow/read-demand.ts';
import { readMemory } from '../flow/read-memory.ts';
import type { Writable } from '../flow/write-queue.ts';
import type { Connection as HandlerConnection } from '../net/connection/connection.ts';
import { Interest } from '../poller/interest.ts';
import { checkInteger } from '../validate.ts';
import { Ending } from './ending.ts';
import { renewed } from './failure.ts';
import { OwningReader } from './owning.ts';
import { WOULD_BLOCK } from './reader.ts';
import { RESOLVED, signalIn, throwIfAborted, Waiter, Waiters, type WaitOptions } from './waiter.ts';

const { EAGAIN } = os.errno;
/** Operations in a row that are done without waiting; then others get their turn. */
const OPERATIONS_IN_A_ROW_MAX = 64;
/** Longer buffers go in parts of this length where the watermark, 0, does not give one. */
const PART_LENGTH = 64 * 1024;
const TIMEOUT_MAX_MS = 0x7fffffff;

/**
 * A connection whose operations are awaited, made by `connect` or accepted by a listener. It owns
 * its descriptor. An operation that can be done at once is, and its promise is resolved already.
 * Every failure is a rejection, of wrong arguments too.
 *
 * One operation may read at a time; any number may write, and their bytes leave in the order of the
 * calls. The peer's end does not end our side.
 * Errors are those of the handler connection: ECONNRESET, ETIMEDOUT, ERR_CLOSED and so on.
 */
export class Connection extends OwningReader<Connection> implements AsyncDisposable {
  #reader: Waiter | undefined = undefined;
  #drained: Waiters | undefined = undefined;
  #closed: Waiters | undefined = undefined;
  #nextTurn: Waiters | undefined = undefined;
  #longWrite: Promise<void> | undefined = undefined;
  #ending: Ending | undefined = undefined;
  readonly #demand: ReadDemand;
  #isEndReported = false;
  #isDiscarding = false;
  #isGiven = false; // a stream reads and writes it
  #credit = OPERATIONS_IN_A_ROW_MAX;

  /** @internal use `connect` or `listen` */
  constructor(raw: HandlerConnection<Connection>) {
    super(raw);
    this.#demand = new ReadDemand(raw, Interest.Readable);
    raw.copyKeptBytes();
    raw.setDriver(this);
    if (raw.isPaused) raw.resume(); // or the last words of a peer that is gone would not be read
  }

  /** Resolves when the connection is closed, orderly or not; never rejects. */
  get closed(): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    this.#closed ??= new Waiters();
    return this.#closed.wait(undefined);
  }

  /**
   * Sends, after all that was written before. When it resolves, the memory is the caller's again,
   * and less waits to be sent than the high watermark.
   *
   * @param options - aborting ends the waiting; what was given is sent nevertheless, except of one
   *   buffer longer than the watermark, of which the rest is not sent.
   * @throws EdgewiseError - ERR_WRITE_AFTER_END, ERR_CLOSED. ERR_WRITE_QUEUE_FULL: so much was
   *   written without waiting that the connection was closed. ErrnoError - EPIPE, ECONNRESET, ….
   * @throws TypeError - neither text nor bytes, or memory that is shared or detached.
   */
  write(data: Writable, options: WaitOptions = {}): Promise<void> {
    try {
      const signal = signalIn(options);
      if (signal?.aborted) return Promise.reject(signal.reason);
      const isLong = types.isUint8Array(data) && data.length > this.#partLength;
      if (isLong || this.#longWrite !== undefined) return this.#writeInTurn(data, signal);
      if (this.#send(data) && this.takeCredit()) return RESOLVED;
      return this.#waitForRoom(signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Ends our side when all that was written has left, and resolves then. The peer can go on.
   *
   * @param data - written before the end.
   * @param options - aborting ends the waiting; once it waits for nothing but the last bytes to
   *   leave, our side ends nevertheless.
   * @throws as `write`, also when bytes that were written are lost, such as by `destroy`.
   */
  async end(data?: Writable, options: WaitOptions = {}): Promise<void> {
    const signal = signalIn(options);
    throwIfAborted(signal);
    if (data !== undefined) await this.write(data, { signal });
    await this.#longWrite?.catch(() => undefined); // that call rejects for its own caller
    throwIfAborted(signal);
    const hasLeft = await this.#endSide()?.hasLeft(signal);
    if (hasLeft === false || this.raw.error !== undefined) throw this.#failure();
  }

  // Another call waits for the same; undefined: it was ended by `raw`.
  #endSide(): Ending | undefined {
    if (this.#ending !== undefined || this.raw.isWriteEnded) return this.#ending;
    this.#assertOwn();
    if (this.isClosed) throw this.#failure();
    this.#ending = new Ending();
    this.raw.enqueue(this.#ending.mark);
    this.raw.end();
    return this.#ending;
  }

  /**
   * Ends our side, lets go what the peer still sends, and resolves when the connection is closed:
   * when the peer has ended too, or after `timeoutMs`.
   *
   * @param timeoutMs - milliseconds from 0. Default 2000.
   * @throws TypeError, RangeError - no such time.
   */
  async close(timeoutMs = 2000): Promise<void> {
    checkInteger('timeoutMs', timeoutMs, 0, TIMEOUT_MAX_MS);
    if (this.isClosed) return;
    const { closed } = this;
    this.#isDiscarding = true;
    this.#demand.want();
    if (!this.#isGiven) this.#endSide();
    this.raw.close({ timeoutMs });
    if (!this.isClosed && !this.#isGiven) this.#discard();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * @internal gives the connection away: a stream reads and writes it from here on, and calls
   * `onDrain` and `onClosed` for what waits here.
   *
   * @returns what was read ahead.
   * @throws EdgewiseError - ERR_CONNECTION_IN_USE, ERR_READ_IN_PROGRESS, ERR_WAIT_IN_PROGRESS.
   */
  giveAway(): Buffer | undefined {
    this.#assertOwn();
    if (this.#longWrite !== undefined) {
      throw new EdgewiseError('ERR_WAIT_IN_PROGRESS', 'a long buffer is being written');
    }
    const readAhead = this.takeReadAhead();
    this.#isGiven = true;
    return readAhead;
  }

  #assertOwn(): void {
    if (!this.#isGiven) return;
    throw new EdgewiseError('ERR_CONNECTION_IN_USE', 'a stream uses the connection');
  }

  /** @internal */
  get interest(): Interest {
    return this.#demand.interest;
  }

  /** @internal */
  onReady(): void {
    this.#credit = OPERATIONS_IN_A_ROW_MAX;
    if (this.raw.error !== undefined) this.#drained?.wakeAll(); // nothing more can be sent
    this.#demand.onReady(this.#isDiscarding || this.#reader !== undefined);
    if (this.#isDiscarding) this.#discard();
    else this.#wakeReader();
  }

  /** @internal */
  onDrain(): void {
    this.#drained?.wakeAll();
  }

  /** @internal */
  onClosed(): void {
    this.#wakeReader();
    this.#drained?.wakeAll();
    this.#nextTurn?.wakeAll();
    this.#closed?.wakeAll();
  }

  /** @internal */
  protected override waitReadable(signal: AbortSignal | undefined): Promise<void> {
    if (this.#credit <= 0) return this.#waitForTurn(signal);
    this.#demand.want();
    this.#reader = new Waiter(signal, this.#leave);
    return this.#reader.promise;
  }

  readonly #leave = (): void => {
    this.#reader = undefined;
  };

  #wakeReader(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve();
  }

  // In the next turn, whether anything comes or not.
  #waitForTurn(signal: AbortSignal | undefined): Promise<void> {
    this.#credit = OPERATIONS_IN_A_ROW_MAX;
    this.#nextTurn ??= new Waiters();
    const all = this.#nextTurn;
    if (all.size === 0) this.raw.reactor.defer(() => all.wakeAll());
    return all.wait(signal);
  }

  /** @internal */
  protected override takeCredit(): boolean {
    return this.#credit-- > 0;
  }

  /** @internal */
  protected override receive(memory: Uint8Array): number | typeof WOULD_BLOCK {
    const { raw } = this;
    this.#assertOwn();
    if (this.#isDiscarding) throw closing();
    if (this.#isEndKnown()) return 0;
    if (raw.isClosed) throw this.#failure();
    if (this.#demand.isDrained) return WOULD_BLOCK;
    const count = raw.receive(memory);
    this.#demand.note(count, memory.length);
    if (count > 0 || (count === 0 && this.#isEndKnown())) return count;
    if (count === -EAGAIN && !raw.isClosed) return WOULD_BLOCK;
    throw this.#failure();
  }

  // After a failed write the kernel shows a reset as an end, which is none.
  #isEndKnown(): boolean {
    if (this.raw.isReadEnded && this.raw.error === undefined) this.#isEndReported = true;
    return this.#isEndReported;
  }

  #discard(): void {
    while (this.#credit-- > 0 && !this.raw.isClosed && !this.raw.isReadEnded) {
      if (this.raw.receive(readMemory()) === -EAGAIN) return;
    }
    if (this.raw.isClosed || this.raw.isReadEnded) return;
    this.#waitForTurn(undefined).then(() => this.#discard());
  }

  // Answers whether there is room.
  #send(data: Writable): boolean {
    const { raw } = this;
    this.#assertOwn();
    if (raw.error !== undefined && !raw.isWriteEnded) throw this.#failure();
    const hasRoom = raw.write(data);
    if (raw.error !== undefined) throw this.#failure();
    return hasRoom;
  }

  async #waitForRoom(signal: AbortSignal | undefined): Promise<void> {
    if (this.#credit <= 0) await this.#waitForTurn(signal);
    this.#drained ??= new Waiters();
    const unsentMax = Math.max(this.raw.highWaterMark, 1); // 0: until all has left
    while (this.raw.writableLength >= unsentMax && !this.isClosed) {
      await this.#drained.wait(signal);
    }
    if (this.isClosed || this.raw.error !== undefined) throw this.#failure();
  }

  // Long buffers go in parts, so that only a part of them is ever copied and kept; what is written
  // meanwhile waits for its turn.
  async #writeInTurn(data: Writable, signal: AbortSignal | undefined): Promise<void> {
    const before = this.#longWrite;
    const writing = (async () => {
      await before?.catch(() => undefined); // that call rejects for its own caller
      await this.#writeParts(data, signal);
    })();
    this.#longWrite = writing;
    try {
      await writing;
    } finally {
      if (this.#longWrite === writing) this.#longWrite = undefined;
    }
  }

  get #partLength(): number {
    return this.raw.highWaterMark || PART_LENGTH;
  }

  async #writeParts(data: Writable, signal: AbortSignal | undefined): Promise<void> {
    const size = this.#partLength;
    const isLong = types.isUint8Array(data) && data.length > size;
    const length = isLong ? data.length : 1;
    for (let start = 0; start < length; start += size) {
      throwIfAborted(signal);
      const part = isLong ? data.subarray(start, start + size) : data;
      if (!this.#send(part) || this.#credit-- <= 0) await this.#waitForRoom(signal);
    }
  }

  #failure(): Error {
    return renewed(this.raw.error, 'the Connection');
  }
}

/** @internal makes what `connect` and `listen` give out; `raw.data` leads back to it */
export function awaitedOf(raw: HandlerConnection<Connection>): Connection {
  raw.data = new Connection(raw);
  return raw.data;
}

function closing(): Error {
  return new EdgewiseError('ERR_CLOSED', 'the connection is being closed');
}
