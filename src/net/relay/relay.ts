// relay(): joins two stream connections in both directions. Bytes go from kernel to kernel through
// a pipe (splice(2), Linux), or through the thread's read memory where that is impossible. The memory
// of a stalled direction is bounded by one pipe, and then its source is not read any more.

import { constants as os } from 'node:os';
import { check, EdgewiseError, errnoError, invalidType, invalidValue } from '../../errors.ts';
import { type CloseOptions, closeTimeoutMs } from '../../flow/close-options.ts';
import { SHOWN, shown } from '../../inspect.ts';
import type { Method } from '../../method.ts';
import { Readiness } from '../../poller/index.ts';
import type { Timer } from '../../reactor/index.ts';
import { checkFunction, checkObject } from '../../validate.ts';
import { Connection } from '../connection/connection.ts';
import type { AnyConnection } from '../connection/group.ts';
import { takePendingError } from '../socket/error.ts';
import { RelayBuffer } from './buffer.ts';
import { Direction, type DirectionOwner } from './direction.ts';
import { End, type EndOwner } from './end.ts';
import { pipes } from './pipes.ts';

/** Receives what happens to relays; one object serves any number of them. */
export interface RelayHandlers {
  /**
   * The relay and both of its connections are closed; called once, before the `close` handlers of
   * the connections.
   *
   * @param error - why, when not both sides have ended in order: ECONNRESET, EPIPE, … of the side
   *   that failed, ERR_CLOSED (the reactor was closed), or what was given to `destroy`, of the relay
   *   or of one of its connections.
   */
  close?: Method<[relay: Relay, error?: NodeJS.ErrnoException]> | undefined;
}

/** Options of {@link relay}. */
export interface RelayOptions {
  /** Default: none. */
  readonly handlers?: RelayHandlers | undefined;
  /** Copy through user space also where splice(2) could do it. Default false. */
  readonly copy?: boolean | undefined;
}

/**
 * Two connections that are joined. It owns both from the call of {@link relay} on: it ends, resets
 * and closes them, and their `data` and `end` handlers are not called.
 *
 * It ends by itself when both peers have ended or one has failed, or by `close` or `destroy`.
 */
export class Relay {
  /** What the caller keeps with it. */
  data: unknown = undefined;
  /** The first connection. */
  readonly a: AnyConnection;
  /** The second connection. */
  readonly b: AnyConnection;
  readonly #aToB: Direction;
  readonly #bToA: Direction;
  readonly #handlers: RelayHandlers | undefined;
  #error: NodeJS.ErrnoException | undefined = undefined;
  /** Of `close`: the deadline. */
  #timer: Timer | undefined = undefined;
  #isClosing = false;
  #isDestroyed = false;
  #isClosed = false;
  #onClosedCalls: (() => void)[] | undefined = undefined;

  /** @internal use `relay`; arguments are checked */
  constructor(a: AnyConnection, b: AnyConnection, { handlers, copy }: RelayOptions) {
    this.a = a;
    this.b = b;
    this.#handlers = handlers;
    const owner: DirectionOwner = {
      onDry: (direction) => this.#onDry(direction),
      onEnd: (direction) => this.#onEnd(direction),
      onReadFailed: (direction, errno) => this.#onReadFailed(direction, errno),
      onWriteFailed: (direction, errno) =>
        this.#onWriteFailed(direction, errnoError(errno, 'send', { fd: direction.target.fd })),
    };
    const mustCopy = copy === true;
    this.#aToB = new Direction(a, b, new RelayBuffer(mustCopy), owner);
    this.#bToA = new Direction(b, a, new RelayBuffer(mustCopy), owner);
  }

  /** Bytes of `b` that the kernel has taken for `a`. */
  get bytesToA(): number {
    return this.#bToA.byteCount;
  }

  /** Bytes of `a` that the kernel has taken for `b`. */
  get bytesToB(): number {
    return this.#aToB.byteCount;
  }

  /** Whether both connections are closed. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Why it ended, when that was not orderly. */
  get error(): NodeJS.ErrnoException | undefined {
    return this.#error;
  }

  /**
   * Ends in order: each direction passes on what has come, up to the moment in which there is nothing
   * to read; then its target gets the end, behind the last byte. Each connection closes when its peer
   * has ended too; what that still sends until then is dropped. A paused connection is resumed.
   *
   * @param options - `timeoutMs`: after so long it ends as by `destroy()`. Another call does nothing,
   *   except that a `timeoutMs` that is given replaces the limit.
   * @throws TypeError, RangeError - an option of the wrong kind.
   */
  close(options: CloseOptions = {}): void {
    const timeoutMs = closeTimeoutMs(options);
    if (this.#isDestroyed || this.#isClosed) return;
    if (this.#isClosing && options.timeoutMs === undefined) return;
    this.#isClosing = true;
    const directions = [this.#aToB, this.#bToA];
    for (const direction of directions) direction.readLast();
    if (timeoutMs === 0 || this.a.reactor.isClosed) {
      for (const direction of directions) direction.move();
      this.destroy();
      return;
    }
    this.#timer?.clear();
    // The connections keep the reactor alive, as long as they have to.
    this.#timer = this.a.group.setTimer(() => this.destroy(), timeoutMs).unref();
    for (const { isOpen, source } of directions) if (isOpen) this.#resume(source);
    this.#updateInterest();
  }

  /**
   * Closes both connections at once; bytes on the way are lost. Does nothing the second time.
   *
   * @param error - reaches the `close` handlers; both peers get a reset then, and not an end that
   *   they could take for an orderly one.
   */
  destroy(error?: Error): void {
    if (this.#isDestroyed || this.#isClosed) return;
    this.#isDestroyed = true;
    this.#error ??= error;
    for (const direction of [this.#aToB, this.#bToA]) direction.stop();
    for (const connection of [this.a, this.b]) connection.destroy(this.#error);
    this.#finish();
  }

  /** Has its connections keep the reactor alive, which is so from the start. */
  ref(): this {
    this.a.ref();
    this.b.ref();
    return this;
  }

  /** Lets the reactor end although the connections are open. */
  unref(): this {
    this.a.unref();
    this.b.unref();
    return this;
  }

  /** Whether one of its connections keeps the reactor alive while it is open. */
  hasRef(): boolean {
    return this.a.hasRef() || this.b.hasRef();
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { a, b, bytesToA, bytesToB, isClosed: closed, error } = this;
    return shown('Relay', { a: a.fd, b: b.fd, bytesToA, bytesToB, closed, error });
  }

  /** Ends at once: see `destroy`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Ends in order, as `close()`; resolves when both connections are closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#onClosedCalls ??= [];
      this.#onClosedCalls.push(resolve);
    });
  }

  /** @internal takes the connections over */
  start(): void {
    pipes.enter();
    const owner: EndOwner = {
      onReady: (end, readiness) => this.#onReady(end, readiness),
      onClosed: (error) => this.#onClosed(error),
    };
    const [aToB, bToA] = [this.#aToB, this.#bToA];
    this.a.setDriver(new End(aToB, bToA, owner));
    if (!this.b.isClosed) this.b.setDriver(new End(bToA, aToB, owner));
    for (const direction of [aToB, bToA]) this.#begin(direction);
  }

  #begin(direction: Direction): void {
    const { source } = direction;
    if (source.isClosed) return;
    if (source.isReadEnded) direction.end();
    else this.#resume(source);
  }

  // What is there already, an edge would not report.
  #resume(source: AnyConnection): void {
    source.resume();
    source.requeue(Readiness.Readable);
  }

  #onReady({ connection, outbound, inbound }: End, readiness: Readiness): void {
    // What was written to the connection could not be sent: it waits for its last words.
    const { error } = connection;
    if (error !== undefined && this.#error === undefined) this.#onWriteFailed(inbound, error);
    if ((readiness & Readiness.Writable) !== 0) inbound.move();
    if ((readiness & Readiness.Priority) !== 0) outbound.passUrgent();
    if ((readiness & (Readiness.Readable | Readiness.Priority)) !== 0) outbound.move();
    else if ((readiness & Readiness.Error) !== 0) this.#failWithPendingError(outbound);
    this.#updateInterest();
  }

  // After a failed write the kernel shows a reset as an end.
  #onEnd({ source, target }: Direction): void {
    if (this.#error !== undefined) {
      this.destroy();
      return;
    }
    source.endRead();
    target.end();
  }

  // Of a connection that cannot be written to, the last words have been passed on now.
  #onDry(direction: Direction): void {
    if (this.#error !== undefined) this.destroy();
    if (!this.#isClosing || !direction.isOpen) return;
    direction.drop();
    direction.target.end();
  }

  #onReadFailed({ source }: Direction, errno: number): void {
    this.destroy(errnoError(errno, 'recv', { fd: source.fd }));
  }

  // The target takes nothing any more, but may have sent something before that, which is still to be
  // read: its own direction goes on until there is nothing more.
  #onWriteFailed(direction: Direction, error: Error): void {
    if (this.#error !== undefined) {
      this.destroy(); // now neither side takes anything
      return;
    }
    this.#error = error;
    direction.stop();
    const back = direction === this.#aToB ? this.#bToA : this.#aToB;
    if (!back.isOpen || back.source.isPaused) this.destroy();
    else back.source.requeue(Readiness.Readable);
  }

  // With bytes stuck on the way the source is not read, so the error would not be met.
  #failWithPendingError(direction: Direction): void {
    const errno = direction.source.isClosed ? 0 : takePendingError(direction.source.fd);
    if (errno !== 0) this.#onReadFailed(direction, errno);
  }

  #onClosed(error: NodeJS.ErrnoException | undefined): void {
    if (this.#isDestroyed) return;
    const hasEnded = !this.#aToB.isOpen && !this.#bToA.isOpen && this.#error === undefined;
    if (error === undefined && hasEnded) this.#finish();
    else this.destroy(error);
  }

  #finish(): void {
    if (this.#isClosed || !this.a.isClosed || !this.b.isClosed) return;
    this.#isClosed = true;
    this.#timer?.clear();
    pipes.leave();
    const { group } = this.a;
    group.defer(() => this.#handlers?.close?.(this, this.#error));
    for (const resolve of this.#onClosedCalls ?? []) group.defer(resolve);
  }

  #updateInterest(): void {
    if (!this.a.isClosed) this.a.updateInterest();
    if (!this.b.isClosed) this.b.updateInterest();
  }
}

function checkConnection(name: string, connection: unknown): void {
  if (!(connection instanceof Connection)) throw invalidType(name, 'a Connection', connection);
  if (connection.isClosed) throw connection.closedError;
  if (connection.isConnecting) check(-os.errno.ENOTCONN, 'relay');
  if (connection.isWriteEnded) throw new EdgewiseError('ERR_WRITE_AFTER_END', `${name} was ended`);
  if (!connection.hasDriver) return;
  throw new EdgewiseError('ERR_CONNECTION_IN_USE', `${name} is in a relay or a stream already`);
}

/**
 * Joins two connections: what the one sends goes to the other, in both directions, until both have
 * ended or one has failed.
 *
 * The end of one peer is passed on when all that it sent before has left; a reset is passed on as a
 * reset. What was written to a connection leaves before what is relayed to it. Bytes that a `data`
 * handler was given are the caller's to pass on: `b.write(bytes)` before `relay(a, b)`. A paused
 * connection is resumed; `pause` and `resume` work on. `destroy` of one connection destroys the relay.
 *
 * @param a - connected, not ended with `end`, and neither in a relay nor in a stream.
 * @param b - another such connection of the same reactor; the trigger may be another one.
 * @throws TypeError - no connections, one twice, or of two reactors.
 * @throws EdgewiseError - ERR_CLOSED, ERR_WRITE_AFTER_END, ERR_CONNECTION_IN_USE: in a relay or a
 *   stream already.
 * @throws ErrnoError - ENOTCONN: one is still connecting.
 * @see splice(2), pipe(7); docs/net.relay.md
 */
export function relay(a: AnyConnection, b: AnyConnection, options: RelayOptions = {}): Relay {
  checkObject('options', options);
  const { handlers, copy } = options;
  if (handlers !== undefined) {
    checkObject('options.handlers', handlers);
    if (handlers.close !== undefined) checkFunction('options.handlers.close', handlers.close);
  }
  if (copy !== undefined && typeof copy !== 'boolean') {
    throw invalidType('options.copy', 'a boolean', copy);
  }
  checkConnection('a', a);
  checkConnection('b', b);
  if (a === b) throw invalidValue('b', 'another connection than a', b);
  if (a.group.reactor !== b.group.reactor) {
    throw invalidValue('b', 'a connection of the same reactor as a', b);
  }
  const { reactor } = a.group;
  reactor.lintNames('relay', options, ['handlers', 'copy']);
  reactor.lintNames('handlers', handlers ?? {}, ['close']);
  const joined = new Relay(a, b, options);
  joined.start();
  return joined;
}
