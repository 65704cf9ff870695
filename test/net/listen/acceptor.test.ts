// What is accepted and then fails: the reserve descriptor of the policy `shed`, which is there as long as
// the listener is; errors of `open` handlers.
import { constants as os } from 'node:os';
import { afterEach, expect, it, vi } from 'vitest';
import { countDescriptors, useDescriptors } from '../../helpers/descriptors.ts';
import { driven } from '../driven.ts';
import { Recorder } from '../recorder.ts';

const kernel = vi.hoisted(() => ({ isExhausted: false }));
vi.mock(import('../../../src/sys/index.ts'), async (importOriginal) => {
  const sys = await importOriginal();
  const accept4: typeof sys.accept4 = (...args) =>
    kernel.isExhausted ? -os.errno.ENFILE : sys.accept4(...args);
  return { ...sys, accept4 };
});

const descriptors = useDescriptors();
const LOOKS = 6;
afterEach(() => {
  kernel.isExhausted = false;
});

it('a listener that was closed out of descriptors does not open its reserve again', () => {
  const server = new Recorder();
  const before = countDescriptors();
  const { reactor, listener, turnUntil, dial } = driven(descriptors, server, {
    onExhaustion: 'shed',
  });
  const peers = [dial()];
  turnUntil(() => server.count('open') === 1);
  kernel.isExhausted = true;
  peers.push(dial());
  turnUntil(() => listener.stats.exhausted > 0);
  listener.close();
  server.connections[0]?.destroy(); // a descriptor has become free
  reactor.turn(0);
  expect(server.count('close')).toBe(1);
  reactor.close();
  kernel.isExhausted = false;
  descriptors.close(...peers);
  expect(countDescriptors()).toBe(before);
});

it('a descriptor that other code has closed is noticed soon, and nothing spins meanwhile', () => {
  const server = new Recorder();
  const { reactor, listener, turnUntil, dial } = driven(descriptors, server, {});
  kernel.isExhausted = true;
  dial();
  turnUntil(() => listener.stats.exhausted > 0);
  const startMs = performance.now();
  const before = reactor.stats.waits;
  turnUntil(() => listener.stats.exhausted > LOOKS);
  expect(performance.now() - startMs).toBeLessThan(LOOKS * 400); // one each 100 ms, not each second
  expect(reactor.stats.waits - before).toBeLessThan(LOOKS * 20);
  kernel.isExhausted = false;
  turnUntil(() => server.count('open') === 1);
  expect(listener.stats).toMatchObject({ accepted: 1, exhausted: LOOKS + 1 });
});

it.each(['level', 'edge'] as const)(
  '%s: every error that `open` throws reaches onError',
  (trigger) => {
    const errors: unknown[] = [];
    const server = new Recorder({
      open: () => {
        throw new Error(`from open ${server.count('open')}`);
      },
    });
    const onError = (error: unknown) => void errors.push(error);
    const { dial, turnUntil } = driven(descriptors, server, { trigger }, { onError });
    for (let i = 0; i < 3; i++) dial(); // all of them wait in the queue: one event
    turnUntil(() => server.count('open') === 3);
    expect(errors).toEqual([1, 2, 3].map((number) => new Error(`from open ${number}`)));
  },
);
