// Edges that a handler left before their end: the kernel reports nothing new, and the descriptor hangs
// as soon as the peer waits. How the last call has ended says whether to suspect, and the kernel, asked
// behind a batch that did not report it anew, whether it is so.
import { Interest, Readiness } from '../../poller/interest.ts';
import { isShort } from './calls.ts';
import type { LintCode } from './codes.ts';
import type { Observed } from './observed.ts';
import type { Rule, RuleContext } from './rule.ts';
import { Suspects } from './suspects.ts';

const READ_BITS = Readiness.Readable | Readiness.ReadClosed;

/** UNDRAINED, SHORT_READ_TAKEN_AS_DRAINED, ACCEPT_ONCE. */
export class Draining implements Rule {
  readonly #context: RuleContext;
  readonly #suspects = new Suspects();
  /** Those whose last report said that the peer has ended. */
  readonly #ended = new WeakSet<Observed>();

  constructor(context: RuleContext) {
    this.#context = context;
  }

  get hasSuspects(): boolean {
    return this.#suspects.hasAny;
  }

  onCalling(observed: Observed, readiness: Readiness): void {
    if ((readiness & READ_BITS) === 0) return;
    observed.lastRead = undefined; // there is something new, whatever was found before
    if ((readiness & Readiness.ReadClosed) !== 0) this.#ended.add(observed);
  }

  onHandled(observed: Observed): void {
    this.#suspects.clear(observed); // the kernel has reported something new
    if (this.#mistakeOf(observed) !== undefined) this.#suspects.raise(observed);
  }

  onBatch(batch: number): void {
    this.#suspects.begin(batch);
  }

  onBatchEnd(batch: number): void {
    for (const observed of this.#suspects.takeBefore(batch)) {
      const code = this.#mistakeOf(observed);
      if (code !== undefined) this.#context.report(observed, code);
    }
  }

  #mistakeOf(observed: Observed): LintCode | undefined {
    const { registration, lastRead } = observed;
    if (registration.isClosed || registration.trigger !== 'edge' || observed.isQueued) return;
    if ((registration.interest & Interest.Readable) === 0) return;
    if (lastRead?.way === 'accept') {
      return lastRead.result >= 0 ? 'EDGEWISE_ACCEPT_ONCE' : undefined;
    }
    const isAtEnd = lastRead !== undefined && lastRead.result <= 0;
    if (isAtEnd || !this.#context.isReadable(registration.fd)) return;
    const isCutShort = lastRead !== undefined && isShort(lastRead) && this.#ended.has(observed);
    return isCutShort ? 'EDGEWISE_SHORT_READ_TAKEN_AS_DRAINED' : 'EDGEWISE_UNDRAINED';
  }
}
