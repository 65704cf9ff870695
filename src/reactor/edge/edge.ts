// What the handler of `registerEdge` is given: the calls of `edgewise/sys` on its descriptor, which note
// how each has ended. src/reactor/edge/delivery.ts looks at the notes when the handler has returned.
import { constants } from 'node:os';
import type { AddressInput, SocketAddress } from '../../address.ts';
import { ClosedError, EdgewiseError, invalidType, invalidValue } from '../../errors.ts';
import { Interest, type Readiness } from '../../poller/interest.ts';
import * as sys from '../../sys/index.ts';
import type { Registration } from '../registration.ts';
import {
  type AcceptResult,
  type Bytes,
  type Ended,
  type Failed,
  type ReadResult,
  SETTLED,
  type Settled,
  type WouldBlock,
  type WriteResult,
} from './results.ts';

const { EBADF, ENOTCONN, EPIPE } = constants.errno;
const { SOCK_DGRAM, SOCK_NONBLOCK, SOL_SOCKET, SO_TYPE } = sys.constants;
const { Readable, Writable } = Interest;
const { WOULD_BLOCK } = sys;

/**
 * Errors behind which nothing can be ready. All others may pass: behind EINTR, EMFILE, ECONNABORTED, or
 * what an ICMP message says of one datagram, the kernel has more, and reports no edge for it.
 */
const FINAL_ERRORS: ReadonlySet<number> = new Set([-EBADF, -ENOTCONN, -EPIPE]);
const socketType = new Int32Array(1);

/**
 * One call of an {@link EdgeHandler}: the descriptor that is ready, and what can be done with it.
 *
 * It is valid until the handler returns: the reactor uses one object for all calls. Read until
 * something else than bytes comes back, and return `settled(result)`; or return what says why the
 * rest is left: `charge`, `requeued`, `closed`, `paused`.
 */
export class Edge<Data = unknown> {
  /** @internal the registration that is called; undefined: none. */
  current: Registration<Data> | undefined;
  /** @internal what was reported to it. */
  reported: Readiness = 0;
  /** @internal directions, as bits of Interest, whose last call found nothing more. */
  settledDirections = 0;
  /** @internal whether a Settled was made in this call. */
  hasAnswered = false;

  /** The descriptor. */
  get fd(): number {
    return this.registration.fd;
  }

  /** What the kernel reported: {@link Readiness} bits. */
  get readiness(): Readiness {
    this.#assertValid();
    return this.reported;
  }

  /** What was given with `options.data`. */
  get data(): Data {
    return this.registration.data;
  }

  /** Keeps something else with the registration. */
  set data(value: Data) {
    this.registration.data = value;
  }

  /** What `registerEdge` has returned. */
  get registration(): Registration<Data> {
    return this.current ?? this.#refuse();
  }

  /** As `sys.recv`, on this descriptor. */
  recv(bytes: Uint8Array, offset?: number, length?: number, flags?: number): ReadResult {
    const result = sys.recv(this.#openFd(), bytes, offset, length, flags);
    return this.#noteRead(result, bytes, offset, length);
  }

  /** As `sys.read`, on this descriptor. */
  read(bytes: Uint8Array, offset?: number, length?: number): ReadResult {
    const result = sys.read(this.#openFd(), bytes, offset, length);
    return this.#noteRead(result, bytes, offset, length);
  }

  /** As `sys.recvfrom`, on this descriptor. */
  recvfrom(
    bytes: Uint8Array,
    offset?: number,
    length?: number,
    flags?: number,
    from?: SocketAddress,
  ): ReadResult {
    const result = sys.recvfrom(this.#openFd(), bytes, offset, length, flags, from);
    return this.#noteRead(result, bytes, offset, length);
  }

  /** As `sys.accept4`, on this descriptor; `flags` are `SOCK_NONBLOCK` when absent. */
  accept(from?: SocketAddress | null, flags: number = SOCK_NONBLOCK): AcceptResult {
    const result = sys.accept4(this.#openFd(), from, flags);
    this.#note(Readable, result === WOULD_BLOCK || FINAL_ERRORS.has(result));
    return result as AcceptResult;
  }

  /** As `sys.send`, on this descriptor. Fewer bytes than there were settle nothing: send the rest. */
  send(bytes: Uint8Array, offset?: number, length?: number, flags?: number): WriteResult {
    return this.#noteWrite(sys.send(this.#openFd(), bytes, offset, length, flags));
  }

  /** As `sys.write`, on this descriptor; otherwise as {@link Edge.send}. */
  write(bytes: Uint8Array, offset?: number, length?: number): WriteResult {
    return this.#noteWrite(sys.write(this.#openFd(), bytes, offset, length));
  }

  /** As `sys.sendto`, on this descriptor. */
  sendto(
    bytes: Uint8Array,
    offset?: number,
    length?: number,
    flags?: number,
    to?: AddressInput,
  ): WriteResult {
    return this.#noteWrite(sys.sendto(this.#openFd(), bytes, offset, length, flags, to));
  }

  /** As `sys.writev`, on this descriptor; otherwise as {@link Edge.send}. */
  writev(buffers: readonly Uint8Array[]): WriteResult {
    return this.#noteWrite(sys.writev(this.#openFd(), buffers));
  }

  /**
   * The last call found nothing more: return this.
   *
   * With both directions reported each has to have come to its end: the other one by its own call, or
   * by `idle('write')`.
   *
   * @param by - what the last call returned. After an error that may pass (`-EINTR`, `-EMFILE`, …) the
   *   handler is called again.
   */
  settled(by: WouldBlock | Ended | Failed): Settled {
    if (typeof by !== 'number') throw invalidType('by', 'the result of a call', by);
    return this.#answer();
  }

  /**
   * Charges one operation to the budget of this call, as `registration.charge`.
   *
   * @param count - bytes that it moved; absent: none, as for a connection that was accepted.
   * @returns undefined: go on. Else return it: the budget is used up, and the handler is called again
   *   in the next turn, behind the others.
   */
  charge(count?: Bytes): Settled | undefined {
    const { registration } = this;
    return registration.charge(count ?? 0) ? undefined : this.#answer();
  }

  /** Has the handler called again in the next turn for what was reported: return this. */
  requeued(): Settled {
    const { registration } = this;
    if (registration.requeuedReadiness === 0) registration.requeue(this.reported);
    return this.#answer();
  }

  /** The handler has closed the registration: return this. */
  closed(): Settled {
    return this.#answer();
  }

  /**
   * The handler has taken the direction out of the interest (`setInterest`), and puts it back when it
   * goes on; the kernel reports then what is there. Return this.
   */
  paused(): Settled {
    return this.#answer();
  }

  /** There is nothing to write now, though the kernel would take it. Return this, or go on reading. */
  idle(direction: 'write'): Settled {
    if (direction !== 'write') throw invalidValue('direction', "'write'", direction);
    this.#assertValid();
    this.settledDirections |= Writable;
    return this.#answer();
  }

  #openFd(): number {
    const { registration } = this;
    // Its number may be another file's by now.
    if (registration.isClosed) throw new ClosedError('the Registration');
    return registration.fd;
  }

  #noteRead(result: number, bytes: Uint8Array, offset?: number, length?: number): ReadResult {
    if (result > 0) this.settledDirections &= ~Readable;
    else if (result === WOULD_BLOCK) this.settledDirections |= Readable;
    else this.#note(Readable, this.#isLast(result, length ?? bytes.length - (offset ?? 0)));
    return result as ReadResult;
  }

  // 0 is the end, but of no length, and from a socket whose messages may be empty.
  #isLast(result: number, asked: number): boolean {
    if (result < 0) return FINAL_ERRORS.has(result);
    if (asked === 0) return false;
    const looked = sys.getsockopt(this.fd, SOL_SOCKET, SO_TYPE, socketType);
    return looked < 0 || socketType[0] !== SOCK_DGRAM; // < 0: no socket
  }

  #noteWrite(result: number): WriteResult {
    if (result > 0) this.settledDirections &= ~Writable;
    else this.#note(Writable, result === WOULD_BLOCK || FINAL_ERRORS.has(result));
    return result as WriteResult;
  }

  #note(direction: Interest, isSettled: boolean): void {
    if (isSettled) this.settledDirections |= direction;
    else this.settledDirections &= ~direction;
  }

  #answer(): Settled {
    this.#assertValid();
    this.hasAnswered = true;
    return SETTLED;
  }

  #assertValid(): void {
    if (this.current === undefined) this.#refuse();
  }

  #refuse(): never {
    throw new EdgewiseError('ERR_EDGE_STALE', 'an Edge is valid until its handler returns');
  }
}
