// Descriptors: what they are when they are registered, and how they end.
import { native } from '../../native.ts';
import { Interest, Readiness } from '../../poller/interest.ts';
import * as sys from '../../sys/index.ts';
import type { SeenCall } from './calls.ts';
import type { Observed } from './observed.ts';
import type { Rule, RuleContext } from './rule.ts';

const { F_GETFL, MSG_DONTWAIT, MSG_PEEK, O_NONBLOCK } = sys.constants;
const END = Readiness.Readable | Readiness.ReadClosed;
const peeked = new Uint8Array(1);

/** BLOCKING, DUPLICATE, CLOSED_WHILE_REGISTERED, HANGUP_BEFORE_DATA. */
export class Owning implements Rule {
  readonly #context: RuleContext;
  /** Whether they block is not looked at yet. */
  readonly #new: Observed[] = [];
  readonly #byIdentity = new Map<string, Observed>();
  readonly #identities = new WeakMap<Observed, string>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  onRegister(observed: Observed): void {
    const { fd } = observed.registration;
    if (this.#new.length === 0) queueMicrotask(() => this.onBatch());
    this.#new.push(observed);
    const file = native.fstatSync(fd);
    if (!file.isSocket() && !file.isFIFO()) return; // all anonymous inodes share one number
    const identity = `${file.dev}:${file.ino}`;
    const other = this.#byIdentity.get(identity);
    this.#byIdentity.set(identity, observed);
    this.#identities.set(observed, identity);
    if (other !== undefined && isRepeated(other, observed)) {
      this.#context.report(observed, 'EDGEWISE_DUPLICATE', `fd ${other.registration.fd}`);
    }
  }

  /** What was registered may have been made non-blocking since then. */
  onBatch(): void {
    for (const observed of this.#new.splice(0)) {
      const { fd, trigger, isClosed } = observed.registration;
      const isEdge = trigger === 'edge' || trigger === 'edge-oneshot';
      if (isClosed || !isEdge || (sys.fcntl(fd, F_GETFL) & O_NONBLOCK) !== 0) continue;
      this.#context.report(observed, 'EDGEWISE_BLOCKING');
    }
  }

  onCall({ way, result }: SeenCall, observed: Observed | undefined): void {
    if (way !== 'close' || result < 0 || observed === undefined) return;
    if (observed.registration.isClosed) return;
    this.#context.report(observed, 'EDGEWISE_CLOSED_WHILE_REGISTERED');
  }

  onRelease(observed: Observed): void {
    const identity = this.#identities.get(observed) ?? '';
    if (this.#byIdentity.get(identity) === observed) this.#byIdentity.delete(identity);
    const { isInCall, moved, registration } = observed;
    const { currentReadiness, fd, interest } = registration;
    const reported = currentReadiness & (END | Readiness.Error);
    const isUnread = isInCall && moved.reads === 0 && (interest & Interest.Readable) !== 0;
    if (!isUnread || reported !== END || !hasData(fd)) return;
    this.#context.report(observed, 'EDGEWISE_HANGUP_BEFORE_DATA');
  }
}

// The ends of a pipe are one file as well, and one is read and the other written.
function isRepeated(
  { registration: first }: Observed,
  { registration: second }: Observed,
): boolean {
  const isSame = first.fd === second.fd || (first.interest & second.interest) === 0;
  return !first.isClosed && !isSame;
}

// Of a socket; what else is readable at its end shows no difference.
function hasData(fd: number): boolean {
  return sys.recv(fd, peeked, 0, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}
