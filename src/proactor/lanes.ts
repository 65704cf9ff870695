// The two directions of a descriptor, and its one registration with the reactor: made when something
// waits for the first time, with the interest of the lanes in which something waits. Interest that has
// become idle is removed when the kernel reports what no operation waits for, and not before: an echo,
// which waits for the same again and again, then costs no epoll_ctl per message.
import { constants as os } from 'node:os';
import { check, errnoError } from '../errors.ts';
import { Interest, Readiness, readinessOf } from '../poller/index.ts';
import type { Handler, Reactor, Registration, Timer } from '../reactor/index.ts';
import * as sys from '../sys/index.ts';
import { attempt, type Channel, isAtOnce, Outcome } from './attempt.ts';
import { Lane } from './lane.ts';
import { Kind, type Operation, type OperationId } from './operation.ts';

const { ECANCELED, ENOTSOCK } = os.errno;
const { SOL_SOCKET, SO_TYPE } = sys.constants;
/** How long a level that no operation clears is not watched, where there are no edges. */
const REST_MS = 10;
const LINT_IGNORE = [
  'EDGEWISE_UNDRAINED',
  'EDGEWISE_SHORT_READ_TAKEN_AS_DRAINED',
  'EDGEWISE_ACCEPT_ONCE',
  'EDGEWISE_WRITE_NOT_ARMED',
  'EDGEWISE_SHORT_WRITE_IGNORED',
] as const;
const FAILED = Readiness.Error | Readiness.WriteClosed;

/** What lanes need of their proactor. */
export interface LanesOwner {
  readonly reactor: Reactor;
  readonly trigger: 'level' | 'edge';
  /** It is done; its handler is called in its turn. */
  finish(operation: Operation): void;
  /** An event was turned into completions; handlers may be called now. */
  onEventHandled(): void;
}

function isSocket(fd: number): boolean {
  const type = new Int32Array(1);
  const result = sys.getsockopt(fd, SOL_SOCKET, SO_TYPE, type);
  if (result === -ENOTSOCK) return false;
  check(result, 'getsockopt', { fd });
  return true;
}

export class Lanes implements Channel, Handler<undefined> {
  readonly fd: number;
  /**
   * What is there is read when an operation asks for it: the edge is remembered until then (`isDry`). And
   * an operation that the kernel took a part of is done: the program says what follows.
   */
  readonly lintIgnore = LINT_IGNORE;
  readonly isSocket: boolean;
  isLevel: boolean;
  readonly reading = new Lane(Interest.Readable);
  readonly writing = new Lane(Interest.Writable);
  readonly #owner: LanesOwner;
  #registration: Registration<undefined> | undefined = undefined;
  #rested: Timer | undefined = undefined;

  /** @throws ErrnoError - EBADF: not open. */
  constructor(owner: LanesOwner, fd: number) {
    this.#owner = owner;
    this.fd = fd;
    this.isSocket = isSocket(fd);
    this.isLevel = owner.trigger === 'level';
  }

  /** Tries an operation when nothing is before it. True: done; false: it waits in the lane. */
  start(lane: Lane, operation: Operation): boolean {
    if (isAtOnce(operation)) return this.#finishAtOnce(operation);
    if (lane.head === undefined && !lane.isDry && this.#try(lane, operation)) return true;
    lane.append(operation);
    if (lane.head === operation) this.#arm(lane);
    return false;
  }

  /** @returns false: no such operation waits here. */
  cancel(id: OperationId): boolean {
    const operation = this.reading.remove(id) ?? this.writing.remove(id);
    if (operation === undefined) return false;
    this.#cancel(operation);
    return true;
  }

  /** Those that read first. @returns how many there were. */
  cancelAll(): number {
    let count = 0;
    for (const lane of [this.reading, this.writing]) {
      for (; lane.head !== undefined; count++) {
        const operation = lane.head;
        lane.shift();
        this.#cancel(operation);
      }
    }
    return count;
  }

  /** Cancels all, and releases the descriptor. */
  close(): void {
    this.#rested?.clear();
    this.#registration?.close();
    this.cancelAll();
  }

  onReady(readiness: Readiness): void {
    const waited = this.#pendingInterest;
    let reported = readiness & (Interest.Readable | Interest.Writable);
    if ((readiness & Readiness.ReadClosed) !== 0) reported |= Interest.Readable;
    if ((readiness & FAILED) !== 0) reported |= Interest.Readable | Interest.Writable;
    const hasWritten = (reported & Interest.Writable) !== 0 && this.#advance(this.writing);
    const hasRead = (reported & Interest.Readable) !== 0 && this.#advance(this.reading);
    const isIdle = !hasWritten && !hasRead;
    if (this.isLevel) this.#settle(reported, waited, isIdle, (readiness & Readiness.Error) !== 0);
    this.#owner.onEventHandled();
  }

  #finishAtOnce(operation: Operation): boolean {
    while ((attempt(operation, this) & Outcome.Done) === 0); // EINTR
    return true;
  }

  // A level that no operation clears would be reported without end.
  #settle(reported: Interest, waited: Interest, isIdle: boolean, isError: boolean): void {
    if (isIdle && isError && this.#hasEdges) this.#watchEdges();
    else if (isIdle && (reported & waited) !== 0 && !this.#hasEdges) this.#rest();
    else if ((reported & ~waited) !== 0) this.#disarm();
  }

  get #hasEdges(): boolean {
    return this.#owner.reactor.capabilities.triggers.includes('edge');
  }

  get #pendingInterest(): Interest {
    const reading = this.reading.head === undefined ? Interest.None : Interest.Readable;
    return this.writing.head === undefined ? reading : reading | Interest.Writable;
  }

  #try(lane: Lane, operation: Operation): boolean {
    const outcome = attempt(operation, this);
    lane.isDry = (outcome & Outcome.Dry) !== 0;
    return (outcome & Outcome.Done) !== 0;
  }

  // The kernel has reported something: what waits is tried, until it would block or its budget is used
  // up. Returns whether anything was moved.
  #advance(lane: Lane): boolean {
    lane.isDry = false;
    const first = lane.head;
    const movedBefore = first?.result;
    for (let operation = lane.head; operation !== undefined; operation = lane.head) {
      if (lane.isDry) break; // a short read: the level is reported again
      if (!this.#try(lane, operation)) {
        if (!lane.isDry) this.#arm(lane);
        break;
      }
      lane.shift();
      this.#owner.finish(operation);
      if (lane.head !== undefined && !this.#charge(operation, lane)) break;
    }
    return lane.head !== first || first?.result !== movedBefore;
  }

  #charge({ kind, result }: Operation, { interest }: Lane): boolean {
    const bytes = kind === Kind.Accept ? 0 : result;
    return this.#registration?.charge(bytes, readinessOf(interest)) === true;
  }

  // Has the kernel report when the first operation of the lane can continue.
  #arm(lane: Lane): void {
    const registration = this.#registration;
    try {
      if (registration === undefined || registration.isClosed) this.#register();
      else if ((registration.interest & lane.interest) === 0) {
        const { interest } = registration;
        registration.setInterest(this.isLevel ? this.#pendingInterest : interest | lane.interest);
      } else if (!this.isLevel && !lane.isDry) registration.requeue(readinessOf(lane.interest));
    } catch (error) {
      this.#fail(lane, error as Error);
    }
  }

  #register(): void {
    const { reactor } = this.#owner;
    const trigger = this.isLevel ? ('level' as const) : ('edge' as const);
    const options = { trigger, asyncContext: false };
    // The operations keep the reactor alive, not the descriptor.
    this.#registration = reactor.register(this.fd, this.#pendingInterest, this, options).unref();
  }

  // An error that no read or write clears, such as an error queue (IP_RECVERR) that is not read, is a
  // level for ever, whatever the interest: from here on the kernel reports only what is new.
  #watchEdges(): void {
    const registration = this.#registration;
    if (registration?.isClosed !== false) return;
    this.#change(() => {
      registration.setTrigger('edge');
      this.isLevel = false;
    });
  }

  // Where there are no edges (poll, select) it is looked at from time to time.
  #rest(): void {
    const registration = this.#registration;
    if (registration?.isClosed !== false) return;
    this.#change(() => registration.setInterest(Interest.None));
    if (this.#rested?.isPending === true) return;
    this.#rested = this.#owner.reactor.setTimeout(() => this.#disarm(), REST_MS).unref();
  }

  // Watches what operations wait for, and nothing else.
  #disarm(): void {
    this.#change(() => this.#registration?.setInterest(this.#pendingInterest));
  }

  #change(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#registration?.close(); // the descriptor was closed elsewhere
      for (const lane of [this.reading, this.writing]) this.#fail(lane, error as Error);
    }
  }

  #fail(lane: Lane, error: Error): void {
    for (let operation = lane.head; operation !== undefined; operation = lane.head) {
      lane.shift();
      operation.error = error;
      this.#owner.finish(operation);
    }
  }

  #cancel(operation: Operation): void {
    operation.error = errnoError(-ECANCELED, operation.syscall, { fd: this.fd });
    this.#owner.finish(operation);
  }
}
