// Handlers that keep the others waiting: by the time that they take, or by all that they move at once.
import { native } from '../../native.ts';
import type { Budget } from '../registration.ts';
import type { Observed } from './observed.ts';
import type { Rule, RuleContext } from './rule.ts';

const NS_PER_MS = 1e6;
/** How many budgets one call of a handler may use up while others wait. */
const BUDGETS_MAX = 16;

/** SLOW_HANDLER, STARVED. */
export class Timing implements Rule {
  readonly #context: RuleContext;
  readonly #budget: Readonly<Budget>;
  readonly #slowHandlerMs: number;
  /** When the handlers that run were called, the innermost last. */
  readonly #begun: number[] = [];

  constructor(context: RuleContext, budget: Readonly<Budget>, slowHandlerMs: number) {
    this.#context = context;
    this.#budget = budget;
    this.#slowHandlerMs = slowHandlerMs;
  }

  onCalling(): void {
    this.#begun.push(native.now());
  }

  onHandled(observed: Observed): void {
    const tookMs = (native.now() - (this.#begun.pop() as number)) / NS_PER_MS;
    if (tookMs >= this.#slowHandlerMs) {
      this.#context.report(observed, 'EDGEWISE_SLOW_HANDLER', `${tookMs.toFixed(1)} ms`);
    }
    const { operations, bytes } = observed.moved;
    const { operationsLeft, bytesLeft } = this.#budget;
    const isBeyond = operations > BUDGETS_MAX * operationsLeft || bytes > BUDGETS_MAX * bytesLeft;
    const { waitingCount } = this.#context;
    if (!isBeyond || waitingCount === 0) return;
    const what = `${operations} calls of ${bytes} bytes, while ${waitingCount} waited`;
    this.#context.report(observed, 'EDGEWISE_STARVED', what);
  }
}
