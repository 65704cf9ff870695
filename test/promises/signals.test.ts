// Signals of the process that are awaited.
import { expect, it } from 'vitest';
import { signal } from '../../src/promises/signal.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const descriptors = useDescriptors();

it('signals are yielded, several at once as one, until the loop is left', async () => {
  const reactor = descriptors.using(new Reactor());
  reactor.attach();
  const deliveries = signal('SIGUSR2', { reactor });
  const keepAlive = setInterval(() => undefined, 1000);
  process.kill(process.pid, 'SIGUSR2');
  expect(await deliveries.next()).toEqual({ done: false, value: 'SIGUSR2' });
  const next = deliveries.next();
  process.kill(process.pid, 'SIGUSR2');
  expect((await next).value).toBe('SIGUSR2');
  await deliveries.return();
  clearInterval(keepAlive);
  expect(() => signal('SIGKILL', { reactor })).toThrow('EINVAL');
});
