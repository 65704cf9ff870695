// delay() for `await`: the timer of a proactor as a promise.
import { invalidType } from '../errors.ts';
import { renewed } from '../promises/failure.ts';
import { signalIn, Waiter, type WaitOptions } from '../promises/waiter.ts';
import { throwIfAborted } from '../validate.ts';
import { Proactor } from './proactor.ts';

/**
 * `proactor.delay` for `await`: resolves after `delayMs` milliseconds, not before, in its order among
 * the completions of the proactor.
 *
 * @param delayMs - milliseconds, 0 to 2^31 - 1.
 * @param options - aborting the signal cancels it.
 * @throws the reason of the signal. ErrnoError - ECANCELED: the proactor was closed.
 * @throws TypeError, RangeError - an argument of the wrong kind. ClosedError - the proactor is closed.
 */
export async function delay(
  proactor: Proactor,
  delayMs: number,
  options: WaitOptions = {},
): Promise<void> {
  if (!(proactor instanceof Proactor)) throw invalidType('proactor', 'a Proactor', proactor);
  const signal = signalIn(options);
  throwIfAborted(signal);
  const waiter = new Waiter<Error | undefined>();
  const id = proactor.delay(delayMs, (error) => waiter.resolve(error));
  const cancel = () => proactor.cancel(id);
  signal?.addEventListener('abort', cancel, { once: true });
  const error = await waiter.promise;
  signal?.removeEventListener('abort', cancel);
  if (error === undefined) return;
  if (signal?.aborted) throw signal.reason;
  throw renewed(error, 'the Proactor');
}
