// Finds the mistakes of handlers that ordinary tests do not: `new Reactor({ lint: true })`, for
// development. Each finding is one process warning per registration, with a code:
//
// - EDGEWISE_UNDRAINED: an edge-triggered handler returned with data left, and the kernel has
//   nothing new to report. It would hang as soon as the peer stops and waits.
// - EDGEWISE_SPINNING: a level-triggered write interest keeps the loop awake with nothing to write.
// - EDGEWISE_BLOCKING: an edge trigger on a blocking descriptor: the read that is to find nothing more
//   would stop the thread.
// - EDGEWISE_UNKNOWN: an option or a handler of a name that no one reads.
// - EDGEWISE_DUPLICATE: two numbers of one open file are registered; each gets the events.
import { channels } from '../diagnostics.ts';
import { native } from '../native.ts';
import { Interest, Readiness } from '../poller/interest.ts';
import { Poller } from '../poller/poller.ts';
import * as sys from '../sys/index.ts';
import { unknownNames } from './names.ts';
import type { AnyRegistration } from './registration.ts';

const { F_GETFL, O_NONBLOCK } = sys.constants;

const SPINS_MAX = 1000;

type Finding =
  | 'EDGEWISE_UNDRAINED'
  | 'EDGEWISE_SPINNING'
  | 'EDGEWISE_BLOCKING'
  | 'EDGEWISE_DUPLICATE';

/** Looks for mistakes of handlers; the dispatcher calls it around each handler and batch. */
export class Lint {
  readonly #probe = new Poller({ backend: 'poll', capacity: 1 });
  readonly #reported = new WeakMap<AnyRegistration, Set<Finding>>();
  readonly #identities = new Map<string, AnyRegistration>();
  /** Each with the number of its suspicion: the next event may clear it and raise another. */
  readonly #suspects = new Map<AnyRegistration, number>();
  #suspicionCount = 0;
  #lastWriter: AnyRegistration | undefined;
  #spinCount = 0;

  /** Whether the next wait must not block, so that a suspect can be judged after it. */
  get hasSuspects(): boolean {
    return this.#suspects.size > 0;
  }

  /** After a registration was made. */
  onRegister(registration: AnyRegistration): void {
    const { fd, trigger } = registration;
    const isEdge = trigger === 'edge' || trigger === 'edge-oneshot';
    if (isEdge && (sys.fcntl(fd, F_GETFL) & O_NONBLOCK) === 0) {
      const what = 'is edge-triggered and blocks: a drain would stop the thread; set O_NONBLOCK';
      this.#report(registration, 'EDGEWISE_BLOCKING', what);
    }
    const file = native.fstatSync(fd);
    if (!file.isSocket() && !file.isFIFO()) return; // all anonymous inodes share one number
    const identity = `${file.dev}:${file.ino}`;
    const other = this.#identities.get(identity);
    this.#identities.set(identity, registration);
    if (other === undefined || other.isClosed || other.fd === fd) return;
    this.#report(registration, 'EDGEWISE_DUPLICATE', `is the same open file as fd ${other.fd}`);
  }

  /** After the handler of an event returned. */
  onHandled(registration: AnyRegistration, readiness: Readiness): void {
    this.#countSpin(registration, readiness);
    this.#suspects.delete(registration); // the kernel reported something new
    if (this.#isUndrained(registration)) this.#suspects.set(registration, ++this.#suspicionCount);
  }

  /** After all events of a wait were delivered; `isWhole`: the kernel had no more to report. */
  onBatchEnd(isWhole: boolean, suspectsBefore: ReadonlyMap<AnyRegistration, number>): void {
    if (!isWhole) return;
    for (const [registration, suspicion] of suspectsBefore) {
      if (this.#suspects.get(registration) !== suspicion) continue;
      this.#suspects.delete(registration);
      if (!this.#isUndrained(registration)) continue;
      this.#report(
        registration,
        'EDGEWISE_UNDRAINED',
        'is edge-triggered and its handler returned before would-block; drain it, or requeue()',
      );
    }
  }

  /** Before the events of a wait: the suspects that its events may clear. */
  takeSuspects(): ReadonlyMap<AnyRegistration, number> {
    return new Map(this.#suspects);
  }

  /** Ends the poller that it looks with. */
  close(): void {
    this.#probe.close();
  }

  #isUndrained(registration: AnyRegistration): boolean {
    if (registration.isClosed || registration.trigger !== 'edge') return false;
    if ((registration.interest & Interest.Readable) === 0) return false;
    const isQueued = (registration.requeuedReadiness | registration.dueReadiness) !== 0;
    return !isQueued && this.#isReadable(registration.fd);
  }

  #isReadable(fd: number): boolean {
    try {
      this.#probe.add(fd, 0, Interest.Readable);
      const isReadable = this.#probe.wait(0) > 0;
      this.#probe.remove(fd);
      return isReadable;
    } catch {
      return false; // the handler closed the descriptor, and left the registration
    }
  }

  #countSpin(registration: AnyRegistration, readiness: Readiness): void {
    const isSpin =
      readiness === Readiness.Writable &&
      !registration.isClosed &&
      registration.trigger === 'level' &&
      !registration.wasCharged;
    this.#spinCount = isSpin && registration === this.#lastWriter ? this.#spinCount + 1 : 0;
    this.#lastWriter = isSpin ? registration : undefined;
    if (this.#spinCount < SPINS_MAX) return;
    this.#report(
      registration,
      'EDGEWISE_SPINNING',
      'keeps its write interest armed with nothing to write; arm it only while there is',
    );
  }

  #report(registration: AnyRegistration, code: Finding, what: string): void {
    const reported = this.#reported.get(registration) ?? new Set<Finding>();
    this.#reported.set(registration, reported);
    if (reported.has(code)) return;
    reported.add(code);
    process.emitWarning(`fd ${registration.fd} ${what}`, { type: 'EdgewiseLint', code });
    if (channels.lint.hasSubscribers) channels.lint.publish({ code, fd: registration.fd, what });
  }
}

/** Warns of what a caller passed in: `known` are the names that are read. */
export function warnOfNames(what: string, object: object, known: readonly string[]): void {
  for (const sentence of unknownNames(what, object, known)) {
    const code = 'EDGEWISE_UNKNOWN';
    process.emitWarning(sentence, { type: 'EdgewiseLint', code });
    if (channels.lint.hasSubscribers) channels.lint.publish({ code, what: sentence });
  }
}
