// Listeners of several threads that share one socket with exclusive wake-ups (EPOLLEXCLUSIVE): more
// than one may be woken, one that comes too late finds nothing, and each connection is accepted once.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { adoptListener, Reactor } from '../../../src/index.ts';
import { Poller } from '../../../src/poller/poller.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';

const THREADS = 4;
const CONNECTIONS = 10_000;
const SCRIPT = new URL('../../workers/accepting-net.mjs', import.meta.url);
const { exclusive } = Poller.capabilitiesOf(Poller.preferredBackend);
const descriptors = useDescriptors();

it.for(['level', 'edge'])(
  '%s: four threads accept ten thousand, each once',
  async (trigger, { annotate }) => {
    const { fd: listening, address } = descriptors.listener();
    const threads = Array.from({ length: THREADS }, (_, index) => {
      const fd = must(sys.dup(listening)); // the thread's own, which it closes
      return new Worker(SCRIPT, { workerData: { fd, index, trigger, exclusive } });
    });
    await Promise.all(threads.map((thread) => once(thread, 'message')));
    const served = new Array<number>(THREADS).fill(0);
    const greeting = Buffer.alloc(2);
    for (let i = 0; i < CONNECTIONS; i++) {
      const client = sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM);
      must(sys.connect(client, address));
      expect(must(sys.read(client, greeting))).toBe(1); // blocking: accepted, by that thread
      served[greeting[0] as number] = (served[greeting[0] as number] ?? 0) + 1;
      must(sys.close(client));
    }
    const ends = threads.map(async (thread) => {
      const exit = once(thread, 'exit');
      thread.postMessage('over');
      const [counts] = await once(thread, 'message');
      return { ...counts, code: (await exit)[0] };
    });
    const expected = served.map((accepted) => ({ accepted, failed: 0, code: 0 }));
    expect(await Promise.all(ends)).toEqual(expected);
    expect(served.reduce((sum, count) => sum + count)).toBe(CONNECTIONS);
    await annotate(`accepted by each: ${served.join(', ')}`);
  },
);

it('leaves the rest of a burst to the others, one connection each', ({ skip }) => {
  if (!exclusive) skip('no exclusive wake-ups here');
  const { fd: listening, address } = descriptors.listener();
  const accepted = [0, 0];
  const reactors = accepted.map((_, index) => {
    const reactor = descriptors.using(new Reactor());
    const open = () => {
      accepted[index] = (accepted[index] ?? 0) + 1;
    };
    const fd = must(sys.dup(listening)); // the listener's, which closes it
    adoptListener(fd, { handlers: { open }, reactor, exclusive: true });
    return reactor;
  });
  for (let i = 0; i < 10; i++) {
    const client = descriptors.track(sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM));
    must(sys.connect(client, address));
  }
  for (let i = 0; i < 5; i++) for (const reactor of reactors) reactor.turn(0);
  expect(accepted).toEqual([5, 5]);
});
