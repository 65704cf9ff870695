// relay(): joins two stream connections in both directions. Bytes go from kernel to kernel through
// a pipe (splice(2), Linux), or through the thread's read buffer where that cannot be. The memory of
// a stalled direction is bounded by one pipe, and then its source is not read any more.
import { constants as os } from 'node:os';
import { check, EdgewiseError, errnoError, invalidType, invalidValue } from '../../errors.ts';
import { Interest, Readiness } from '../../poller/interest.ts';
import * as sys from '../../sys/index.ts';
import { checkFunction, checkObject } from '../../validate.ts';
import { Connection } from '../connection/connection.ts';
import type { ConnectionDriver } from '../connection/driver.ts';
import type { AnyConnection } from '../connection/group.ts';
import { takePendingError } from '../socket/error.ts';
import { createConduit } from './buffer.ts';
import { Direction, type DirectionOwner } from './direction.ts';
import { pipes } from './pipes.ts';

/** Receives what happens to relays; one object serves any number of them. */
export interface RelayHandlers {
  /**
   * The relay and both of its connections are closed; called once, before the `close` handlers of
   * the connections.
   *
   * @param error - why, when not both sides have ended in order: ECONNRESET, EPIPE, … of the side
   *   that failed, ERR_CLOSED (the reactor was closed), or what was given to `close` or `destroy`.
   */
  close?(relay: Relay, error?: Error): void;
}

export interface RelayOptions {
  readonly handlers?: RelayHandlers;
  /** Copy through user space also where splice(2) could do it. Default false. */
  readonly copy?: boolean;
}

// One end of a relay, which reads and writes its connection.
class End implements ConnectionDriver {
  readonly connection: AnyConnection;
  /** The direction that reads from it. */
  readonly outbound: Direction;
  /** The direction that writes to it. */
  readonly inbound: Direction;
  readonly #owner: EndOwner;

  constructor(outbound: Direction, inbound: Direction, owner: EndOwner) {
    this.connection = outbound.source;
    this.outbound = outbound;
    this.inbound = inbound;
    this.#owner = owner;
  }

  get interest(): Interest {
    return (
      (this.outbound.wantsReadable ? Interest.Readable : Interest.None) |
      (this.outbound.wantsPriority ? Interest.Priority : Interest.None) |
      (this.inbound.wantsWritable ? Interest.Writable : Interest.None)
    );
  }

  onReady(readiness: Readiness): void {
    this.#owner.onReady(this, readiness);
  }

  onClosed(error: Error | undefined): void {
    this.#owner.onClosed(error);
  }
}

/** What the two ends of a relay tell. */
interface EndOwner {
  onReady(end: End, readiness: Readiness): void;
  onClosed(error: Error | undefined): void;
}

// A peer that has not got everything must not take the close for an orderly end.
function resetOnClose(fd: number): void {
  const { SOL_SOCKET, SO_LINGER } = sys.constants;
  sys.setsockopt(fd, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0)); // no effect on Unix sockets
}

/**
 * Two connections that are joined. It owns both from the call of {@link relay} on: it ends, resets
 * and closes them, and their `data` and `end` handlers are not called.
 */
export class Relay {
  /** What the user keeps with it. */
  data: unknown = undefined;
  readonly a: AnyConnection;
  readonly b: AnyConnection;
  readonly #aToB: Direction;
  readonly #bToA: Direction;
  readonly #handlers: RelayHandlers | undefined;
  #error: Error | undefined = undefined;
  #isClosing = false;
  #isClosed = false;

  /** @internal use `relay`; arguments are checked */
  constructor(a: AnyConnection, b: AnyConnection, { handlers, copy }: RelayOptions) {
    this.a = a;
    this.b = b;
    this.#handlers = handlers;
    const owner: DirectionOwner = {
      onDry: () => this.#onDry(),
      onEnd: (direction) => this.#onEnd(direction),
      onReadFailed: (direction, errno) => this.#onReadFailed(direction, errno),
      onWriteFailed: (direction, errno) =>
        this.#onWriteFailed(direction, errnoError(errno, 'send', { fd: direction.target.fd })),
    };
    const mustCopy = copy === true;
    this.#aToB = new Direction(a, b, createConduit(mustCopy), owner);
    this.#bToA = new Direction(b, a, createConduit(mustCopy), owner);
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
  get error(): Error | undefined {
    return this.#error;
  }

  /**
   * Closes both connections at once; bytes on the way are lost. Does nothing the second time.
   *
   * @param error - reaches the `close` handlers; both peers get a reset then, and not an end that
   *   they could take for an orderly one.
   */
  close(error?: Error): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#error ??= error;
    for (const direction of [this.#aToB, this.#bToA]) direction.stop();
    for (const connection of [this.a, this.b]) {
      if (connection.isClosed) continue;
      if (this.#error !== undefined) resetOnClose(connection.fd);
      connection.destroy(this.#error);
    }
    this.#finish();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal takes the connections over */
  start(): void {
    pipes.enter();
    const owner: EndOwner = {
      onReady: (end, readiness) => this.#onReady(end, readiness),
      onClosed: (error) => this.#onClosed(error),
    };
    const [aToB, bToA] = [this.#aToB, this.#bToA];
    try {
      this.a.setDriver(new End(aToB, bToA, owner));
      this.b.setDriver(new End(bToA, aToB, owner));
      for (const direction of [aToB, bToA]) this.#begin(direction);
    } catch (error) {
      this.close(error as Error); // EBADF: a descriptor was closed behind our back
    }
  }

  // What is there already, an edge would not tell.
  #begin(direction: Direction): void {
    const { source } = direction;
    if (source.isClosed) return;
    source.resume();
    if (source.isReadEnded) direction.end();
    else source.requeue(Readiness.Readable);
  }

  #onReady({ connection, outbound, inbound }: End, readiness: Readiness): void {
    // What the user had written could not be sent: the connection waits for its last words.
    const { error } = connection;
    if (error !== undefined && this.#error === undefined) this.#onWriteFailed(inbound, error);
    if ((readiness & Readiness.Writable) !== 0) inbound.pump();
    if ((readiness & Readiness.Priority) !== 0) outbound.passUrgent();
    if ((readiness & (Readiness.Readable | Readiness.Priority)) !== 0) outbound.pump();
    else if ((readiness & Readiness.Error) !== 0) this.#failWithPendingError(outbound);
    this.#updateInterest();
  }

  // After a failed write the kernel shows a reset as an end.
  #onEnd({ source, target }: Direction): void {
    if (this.#error !== undefined) {
      this.close();
      return;
    }
    source.endRead();
    target.end();
  }

  // Of a connection that cannot be written to, the last words have been passed on now.
  #onDry(): void {
    if (this.#error !== undefined) this.close();
  }

  #onReadFailed({ source }: Direction, errno: number): void {
    this.close(errnoError(errno, 'recv', { fd: source.fd }));
  }

  // The target does not listen any more, but may have sent something before that, which is still
  // to be read: its own direction goes on until there is nothing more.
  #onWriteFailed(direction: Direction, error: Error): void {
    if (this.#error !== undefined) {
      this.close(); // now neither side takes anything
      return;
    }
    this.#error = error;
    direction.stop();
    const back = direction === this.#aToB ? this.#bToA : this.#aToB;
    if (!back.isOpen || back.source.isPaused) this.close();
    else back.source.requeue(Readiness.Readable);
  }

  // With bytes stuck on the way the source is not read, so the error would not be met.
  #failWithPendingError(direction: Direction): void {
    const errno = direction.source.isClosed ? 0 : takePendingError(direction.source.fd);
    if (errno !== 0) this.#onReadFailed(direction, errno);
  }

  #onClosed(error: Error | undefined): void {
    if (this.#isClosing) return;
    const hasEnded = !this.#aToB.isOpen && !this.#bToA.isOpen && this.#error === undefined;
    if (error === undefined && hasEnded) this.#finish();
    else this.close(error);
  }

  #finish(): void {
    if (this.#isClosed || !this.a.isClosed || !this.b.isClosed) return;
    this.#isClosed = true;
    this.#isClosing = true;
    pipes.leave();
    this.a.group.defer(() => this.#handlers?.close?.(this, this.#error));
  }

  #updateInterest(): void {
    try {
      if (!this.a.isClosed) this.a.updateInterest();
      if (!this.b.isClosed) this.b.updateInterest();
    } catch (error) {
      this.close(error as Error); // as in `start`
    }
  }
}

function checkConnection(name: string, connection: unknown): void {
  if (!(connection instanceof Connection)) throw invalidType(name, 'a Connection', connection);
  if (connection.isClosed) throw connection.closedError;
  if (connection.isConnecting) check(-os.errno.ENOTCONN, 'relay');
  if (connection.isWriteEnded) throw new EdgewiseError('ERR_WRITE_AFTER_END', `${name} was ended`);
  if (!connection.hasDriver) return;
  throw new EdgewiseError('ERR_CONNECTION_RELAYED', `${name} is in a relay already`);
}

/**
 * Joins two connections: what the one sends goes to the other, in both directions, until both have
 * ended or one has failed.
 *
 * The end of one peer is passed on when all that it sent before has left; a reset is passed on as a
 * reset. What was written to a connection leaves before what is relayed to it. Bytes that a `data`
 * handler was given are the caller's to pass on: `b.write(bytes)` before `relay(a, b)`. A paused
 * connection is resumed; `pause` and `resume` work on. `destroy` of one connection closes the relay.
 *
 * @param a - connected, not ended with `end`, not in a relay.
 * @param b - another such connection of the same reactor; the trigger may be another one.
 * @throws TypeError - no connections, one twice, or of two reactors.
 * @throws EdgewiseError - ERR_CLOSED, ERR_WRITE_AFTER_END, ERR_CONNECTION_RELAYED.
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
  const joined = new Relay(a, b, options);
  joined.start();
  return joined;
}
