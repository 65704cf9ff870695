// The reserve descriptor of the policy `shed`: it is there as long as the listener is.
import { constants as os } from 'node:os';
import { expect, it, vi } from 'vitest';
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
  descriptors.close(...peers);
  expect(countDescriptors()).toBe(before);
});
