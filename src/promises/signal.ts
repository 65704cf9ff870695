// Signals of the process for `for await`.

import { throwIfAborted } from '../validate.ts';
import { placeOf, type TimingOptions } from './timing.ts';
import { settled, Waiter } from './waiter.ts';

/**
 * Yields each time that the process gets the signal; several that came before the loop asked again
 * are yielded as one, as the kernel does. Leaving the loop gives the signal back. The subscription
 * begins with the call, and does not keep the process alive.
 *
 * @throws TypeError - ERR_INVALID_ARG_VALUE: no signal of that name here; at once.
 * @throws ErrnoError - EINVAL: SIGKILL or SIGSTOP; at once. The reason of `options.signal`.
 */
export function signal(
  name: NodeJS.Signals,
  options: TimingOptions = {},
): AsyncGenerator<NodeJS.Signals, void, undefined> {
  const { reactor, signal: abort } = placeOf(options);
  let isPending = false;
  let waiter: Waiter | undefined;
  const subscription = reactor.onSignal(name, () => {
    isPending = true;
    waiter?.resolve();
  });
  const close = () => subscription.close();
  abort?.addEventListener('abort', close, { once: true });

  async function* deliveries(): AsyncGenerator<NodeJS.Signals, void, undefined> {
    try {
      yield name; // taken below
      for (;;) {
        throwIfAborted(abort);
        if (!isPending) {
          waiter = new Waiter(abort);
          await settled(waiter, reactor);
        }
        isPending = false;
        yield name;
      }
    } finally {
      abort?.removeEventListener('abort', close);
      close();
    }
  }
  const iterator = deliveries();
  iterator.next(); // what has begun ends in `finally`, also when it is never asked for more
  return iterator;
}
