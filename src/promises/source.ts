// What drives the connection of handlers beneath a promise connection: it is where that reads from, on
// demand, and what wakes those that wait for room or for the close. It waits for readiness only while
// something reads, and gives others their turn in between. None of its names is on the connection
// that users have: they may assign to it what they like.
import { constants as os } from 'node:os';
import { EdgewiseError, errnoError } from '../errors.ts';
import { ReadDemand, readMemory } from '../flow/index.ts';
import type { AnyConnection, ConnectionDriver } from '../net/connection/index.ts';
import { Interest, Readiness } from '../poller/index.ts';
import * as sys from '../sys/index.ts';
import { renewed } from './failure.ts';
import { type WaitingReader, WOULD_BLOCK } from './pending-read.ts';
import type { ByteSource } from './reader.ts';
import { RESOLVED, Waiters } from './waiter.ts';

const { EAGAIN } = os.errno;
const { MSG_PEEK } = sys.constants;
/** Operations in a row that are done without waiting; then others get their turn. */
const OPERATIONS_IN_A_ROW_MAX = 64;

/** Drives the connection beneath a promise connection. */
export class ConnectionSource implements ByteSource, ConnectionDriver {
  readonly #raw: AnyConnection;
  readonly #demand: ReadDemand;
  #reader: WaitingReader | undefined = undefined;
  #drained: Waiters | undefined = undefined;
  #closed: Waiters | undefined = undefined;
  #whenClosed: (() => void) | undefined = undefined;
  #nextTurn: Waiters | undefined = undefined;
  #credit = OPERATIONS_IN_A_ROW_MAX;
  #isEndReported = false;
  #isDiscarding = false;
  #isIgnored = false; // something came that nothing has asked for
  #isInUse = false; // a stream reads and writes the connection
  #hasFailed = false; // the next read reports it, behind what had come before

  constructor(raw: AnyConnection) {
    this.#raw = raw;
    this.#demand = new ReadDemand(raw, Interest.Readable);
  }

  /** Whether a stream reads and writes the connection. */
  get isInUse(): boolean {
    return this.#isInUse;
  }

  /** Whether it waits for something to come: not when what came was not asked for. */
  get isReading(): boolean {
    const isWaiting = !this.#isIgnored && !this.#raw.isReadEnded;
    return isWaiting || (this.#closed?.size ?? 0) > 0;
  }

  /** What the connection is to wait for. */
  get interest(): Interest {
    return this.#demand.interest;
  }

  /** The descriptor is ready: what reads makes another attempt. */
  onReady(readiness: Readiness): void {
    if ((readiness & Readiness.Error) !== 0) this.#hasFailed = true;
    if (this.#raw.error !== undefined) this.#drained?.wakeAll(); // nothing more can be sent
    this.#credit = OPERATIONS_IN_A_ROW_MAX;
    const isWanted = this.#isDiscarding || this.#reader !== undefined;
    this.#demand.onReady(isWanted);
    this.#setIgnored(!isWanted);
    if (this.#isDiscarding) this.discard();
    else this.#wakeReader();
    if (!isWanted) this.#closeIfFailed();
  }

  /** There is room to write. */
  onDrain(): void {
    this.#drained?.wakeAll();
  }

  /** The connection is closed: nothing waits any more. */
  onClosed(): void {
    this.#wakeReader();
    this.#nextTurn?.wakeAll();
    this.#drained?.wakeAll();
    this.#closed?.wakeAll();
    this.#whenClosed?.();
  }

  /** Has a call made when the connection is closed, for which nothing waits. */
  whenClosed(call: () => void): void {
    this.#whenClosed = call;
    this.#closeIfFailed();
  }

  /** Resolves when there may be room to write. Rejects with the reason of the signal. */
  waitForDrain(signal: AbortSignal | undefined): Promise<void> {
    this.#drained ??= new Waiters();
    return this.#drained.wait(signal);
  }

  /** Resolves when the connection is closed. */
  waitForClose(): Promise<void> {
    if (this.#raw.isClosed) return RESOLVED;
    this.#closed ??= new Waiters();
    const closed = this.#closed.wait(undefined);
    this.#raw.updateInterest(); // for what holds the reactor
    this.#closeIfFailed();
    return closed;
  }

  // Where nothing reads, what waits for the close would wait for ever. What can still be read stays.
  #closeIfFailed(): void {
    const raw = this.#raw;
    if (!this.#isFailureAwaited || raw.isClosed || this.#reader !== undefined) return;
    const { fd } = raw;
    const result = sys.recv(fd, readMemory(), 0, 1, MSG_PEEK);
    if (result === -EAGAIN)
      this.#hasFailed = false; // it was about something else
    else if (result < 0) raw.destroy(errnoError(result, 'recv', { fd }));
  }

  get #isFailureAwaited(): boolean {
    const isAwaited = this.#whenClosed !== undefined || (this.#closed?.size ?? 0) > 0;
    return this.#hasFailed && !this.#isInUse && isAwaited;
  }

  /** Reads at once. */
  receive(memory: Uint8Array): number | typeof WOULD_BLOCK {
    const raw = this.#raw;
    this.assertFree();
    if (this.#isDiscarding) throw new EdgewiseError('ERR_CLOSED', 'the connection is being closed');
    if (this.#isEndKnown()) return 0;
    if (raw.isClosed) throw this.failure();
    if (this.#demand.isDrained) return WOULD_BLOCK;
    const count = raw.receive(memory);
    this.#demand.note(count, memory.length);
    if (count > 0 && this.#isFailureAwaited) raw.requeue(Readiness.Readable | Readiness.Error);
    if (count > 0 || (count === 0 && this.#isEndKnown())) return count;
    if (count === -EAGAIN && !raw.isClosed) return WOULD_BLOCK;
    throw this.failure();
  }

  /** Has the reader make another attempt when there may be something to read. */
  wait(reader: WaitingReader): void {
    this.#reader = reader;
    this.#want();
    if (this.#credit <= 0) this.waitForTurn(undefined).then(() => this.#wakeReader());
  }

  /** Nothing reads any more. */
  leave(): void {
    this.#reader = undefined;
  }

  /** Whether the next attempt may be made at once. */
  takeCredit(): boolean {
    return this.#credit-- > 0;
  }

  /** Whether nothing may be done before the next turn. */
  get isCreditUsed(): boolean {
    return this.#credit <= 0;
  }

  /** Resolves in the next turn, whether anything comes or not. */
  waitForTurn(signal: AbortSignal | undefined): Promise<void> {
    this.#credit = OPERATIONS_IN_A_ROW_MAX;
    this.#nextTurn ??= new Waiters();
    const all = this.#nextTurn;
    if (all.size === 0) this.#raw.reactor.defer(() => all.wakeAll());
    return all.wait(signal);
  }

  /** From here on a stream reads and writes the connection. */
  setInUse(): void {
    this.#isInUse = true;
  }

  /** @throws EdgewiseError - ERR_CONNECTION_IN_USE: a stream reads and writes the connection. */
  assertFree(): void {
    if (!this.#isInUse) return;
    throw new EdgewiseError('ERR_CONNECTION_IN_USE', 'a stream uses the connection');
  }

  /** From here on operations that read fail, and `discard` reads what still comes. */
  endReading(): void {
    this.#isDiscarding = true;
    this.#want();
  }

  /** Reads what still comes, until the peer's end, and forgets it. */
  discard(): void {
    const raw = this.#raw;
    while (this.#credit-- > 0 && !raw.isClosed && !raw.isReadEnded) {
      if (raw.receive(readMemory()) === -EAGAIN) return;
    }
    if (raw.isClosed || raw.isReadEnded) return;
    this.waitForTurn(undefined).then(() => this.discard());
  }

  /** The error of the connection, for the caller that awaits. */
  failure(): Error {
    return renewed(this.#raw.error, 'the Connection');
  }

  #want(): void {
    this.#demand.want();
    this.#setIgnored(false);
  }

  #setIgnored(isIgnored: boolean): void {
    if (isIgnored === this.#isIgnored) return;
    this.#isIgnored = isIgnored;
    this.#raw.updateInterest(); // for what holds the reactor
  }

  #wakeReader(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.onReadable();
  }

  // After a failed write the kernel shows a reset as an end, which is none.
  #isEndKnown(): boolean {
    if (this.#raw.isReadEnded && this.#raw.error === undefined) this.#isEndReported = true;
    return this.#isEndReported;
  }
}
