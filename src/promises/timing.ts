// Time for `await`, on the wheel of the reactor.
import { EdgewiseError } from '../errors.ts';
import { checkReactor, defaultReactor, type Reactor } from '../reactor/index.ts';
import { checkInteger, throwIfAborted } from '../validate.ts';
import { settled, signalIn, Waiter, type WaitOptions } from './waiter.ts';

const DELAY_MAX_MS = 0x7fffffff;

/** How to wait for a time. */
export interface TimingOptions extends WaitOptions {
  /** Default: the reactor of this thread, attached to Node's loop. */
  readonly reactor?: Reactor | undefined;
}

/**
 * @internal where to wait, and until when
 * @throws TypeError - no reactor, or no signal. The reason of a signal that is aborted.
 */
export function placeOf(options: TimingOptions): {
  readonly reactor: Reactor;
  readonly signal: AbortSignal | undefined;
} {
  const signal = signalIn(options);
  const { reactor = defaultReactor() } = options;
  checkReactor(reactor);
  reactor.lintNames('options', options, ['signal', 'reactor']);
  throwIfAborted(signal);
  return { reactor, signal };
}

/**
 * Waits `ms` milliseconds, 0 to 2^31 - 1.
 *
 * @throws the reason of the signal.
 */
export async function sleep(ms: number, options: TimingOptions = {}): Promise<void> {
  checkInteger('ms', ms, 0, DELAY_MAX_MS);
  const { reactor, signal } = placeOf(options);
  const timer = reactor.setTimeout(() => waiter.resolve(), ms);
  const waiter: Waiter = new Waiter(signal, () => timer.clear());
  await settled(waiter, reactor);
}

/**
 * Waits for `promise`, at most `ms` milliseconds. The operation goes on all the same: give
 * it a signal to end it.
 *
 * @throws what `promise` rejects with. EdgewiseError - ERR_TIMEOUT.
 */
export async function timeout<T>(
  promise: T | PromiseLike<T>,
  ms: number,
  options: TimingOptions = {},
): Promise<T> {
  Promise.resolve(promise).catch(() => undefined); // also when it is not waited for, or not any more
  checkInteger('ms', ms, 0, DELAY_MAX_MS);
  const { reactor, signal } = placeOf(options);
  const timer = reactor.setTimeout(() => limit.resolve(LATE), ms);
  const limit = new Waiter<typeof LATE>(signal);
  try {
    const result = await Promise.race([promise, settled(limit, reactor)]);
    if (result !== LATE) return result;
  } finally {
    timer.clear();
    limit.resolve(LATE); // lets go of the signal
  }
  throw new EdgewiseError('ERR_TIMEOUT', `not done within ${ms} ms`);
}

const LATE = Symbol('late');

/**
 * Ticks every `ms` milliseconds, 1 to 2^31 - 1: yields the count of ticks since the last time, more
 * than 1 when the loop's body was slow.
 *
 * @throws the reason of the signal.
 */
export async function* interval(
  ms: number,
  options: TimingOptions = {},
): AsyncGenerator<number, void, undefined> {
  checkInteger('ms', ms, 1, DELAY_MAX_MS);
  const { reactor, signal } = placeOf(options);
  let ticks = 0;
  let waiter: Waiter | undefined;
  const timer = reactor.setInterval(() => {
    ticks++;
    waiter?.resolve();
  }, ms);
  try {
    for (;;) {
      throwIfAborted(signal);
      if (ticks === 0) {
        waiter = new Waiter(signal);
        await settled(waiter, reactor);
        waiter = undefined;
      }
      const count = ticks;
      ticks = 0;
      yield count;
    }
  } finally {
    timer.clear();
  }
}
