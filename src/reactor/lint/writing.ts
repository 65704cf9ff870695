// What is written: the rest of a write that was cut short must follow, and something must say when; and a
// connect under way must have ended well.
import { constants } from 'node:os';
import { Interest, Readiness } from '../../poller/interest.ts';
import { WOULD_BLOCK } from '../../sys/result.ts';
import { isShort, type SeenCall } from './calls.ts';
import type { Observed } from './observed.ts';
import type { Rule, RuleContext } from './rule.ts';
import { Suspects } from './suspects.ts';

const EINPROGRESS = -constants.errno.EINPROGRESS;
/** Bytes of a rest that are compared with what is written next. */
const HEAD_LENGTH = 64;

/** WRITE_NOT_ARMED, SHORT_WRITE_IGNORED, CONNECT_UNCHECKED. */
export class Writing implements Rule {
  readonly #context: RuleContext;
  readonly #suspects = new Suspects();
  /** How the rest of a write begins that was cut short. */
  readonly #rests = new WeakMap<Observed, Uint8Array>();
  /** Descriptors of a connect under way; true: the kernel has reported that it is over. */
  readonly #connecting = new Map<number, boolean>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  get hasSuspects(): boolean {
    return this.#suspects.hasAny;
  }

  onCalling({ registration: { fd } }: Observed, readiness: Readiness): void {
    const isOver = (readiness & Readiness.Writable) !== 0;
    if (isOver && this.#connecting.has(fd)) this.#connecting.set(fd, true);
  }

  onCall(call: SeenCall, observed: Observed | undefined): void {
    this.#lookAtConnect(call, observed);
    if (observed === undefined || call.way !== 'write') return;
    this.#lookAtRest(call, observed);
    if (isShort(call)) this.#rests.set(observed, headOf(call, call.result));
    else if (call.result !== WOULD_BLOCK) this.#rests.delete(observed);
    if (this.#isLeft(observed)) this.#suspects.raise(observed);
    else this.#suspects.clear(observed);
  }

  onBatch(batch: number): void {
    this.#suspects.begin(batch);
  }

  onBatchEnd(batch: number): void {
    for (const observed of this.#suspects.takeBefore(batch)) {
      const { registration } = observed;
      if (registration.isClosed || observed.isQueued || !this.#isLeft(observed)) continue;
      if ((registration.interest & Interest.Writable) !== 0) continue;
      this.#rests.delete(observed);
      this.#context.report(observed, 'EDGEWISE_WRITE_NOT_ARMED');
    }
  }

  // Whether bytes are left that the program means to write: of what the kernel took none, it may drop all.
  #isLeft(observed: Observed): boolean {
    if (this.#rests.has(observed)) return true;
    if (observed.lastWrite?.result !== WOULD_BLOCK) return false;
    const { registration } = observed;
    return (registration.handler.queuedBytes?.(registration) ?? 0) > 0;
  }

  #lookAtRest(call: SeenCall, observed: Observed): void {
    const rest = this.#rests.get(observed);
    if (rest === undefined) return;
    const next = headOf(call, 0);
    const length = Math.min(rest.length, next.length);
    if (Buffer.compare(rest.subarray(0, length), next.subarray(0, length)) === 0) return;
    this.#context.report(observed, 'EDGEWISE_SHORT_WRITE_IGNORED');
  }

  #lookAtConnect({ way, fd, result }: SeenCall, observed: Observed | undefined): void {
    if (way === 'connect' && result === EINPROGRESS) {
      this.#connecting.set(fd, false);
      return;
    }
    const isOver = this.#connecting.get(fd);
    if (isOver === undefined || (way === 'write' && !isOver)) return; // too early: it takes nothing
    this.#connecting.delete(fd);
    if (way !== 'write' || observed === undefined) return;
    this.#context.report(observed, 'EDGEWISE_CONNECT_UNCHECKED');
  }
}

// A copy: the memory is the caller's. Empty: what was to be written is not known.
function headOf({ bytes = [] }: SeenCall, from: number): Uint8Array {
  const head = new Uint8Array(HEAD_LENGTH);
  let [skipped, length] = [0, 0];
  for (const each of bytes) {
    const start = Math.min(each.length, from - skipped);
    skipped += start;
    const part = each.subarray(start, start + HEAD_LENGTH - length);
    head.set(part, length);
    length += part.length;
  }
  return head.subarray(0, length);
}
