// The channels of docs/diagnostics.md: what is published, how often, and nothing without a subscriber.
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import { afterEach, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { channels } from '../src/diagnostics.ts';
import { defaultReactor, Interest, Reactor } from '../src/index.ts';
import * as sys from '../src/sys/index.ts';
import { useDescriptors } from './helpers/descriptors.ts';
import { turnIdly } from './helpers/handlers.ts';
import { startPool, untilRestarted } from './multi/pools.ts';
import { driven } from './net/driven.ts';
import { Recorder } from './net/recorder.ts';

const kernel = vi.hoisted(() => ({ isExhausted: false }));
vi.mock(import('../src/sys/index.ts'), async (importOriginal) => {
  const sys = await importOriginal();
  const accept4: typeof sys.accept4 = (...args) =>
    kernel.isExhausted ? -os.errno.EMFILE : sys.accept4(...args);
  return { ...sys, accept4 };
});
afterEach(() => {
  kernel.isExhausted = false;
});

beforeAll(() => void defaultReactor()); // stays
const descriptors = useDescriptors();

function messagesOf(name: string): unknown[] {
  const messages: unknown[] = [];
  const note = (message: unknown) => void messages.push(message);
  subscribe(name, note);
  onTestFinished(() => void unsubscribe(name, note));
  return messages;
}

function spendMs(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

it('connections: one message when it is open, one when it is closed, with its error', () => {
  const [opened, closed] = ['open', 'close'].map((what) =>
    messagesOf(`edgewise:connection:${what}`),
  );
  const server = new Recorder();
  const { turnUntil, dial } = driven(descriptors, server, {});
  dial();
  turnUntil(() => server.count('open') === 1);
  const [connection] = server.connections;
  expect(opened).toEqual([{ connection }]);
  expect(closed).toEqual([]);
  const error = new Error('enough');
  connection?.destroy(error);
  expect(closed).toEqual([{ connection, error }]);
});

it('a listener without descriptors: the error and what is done about it', () => {
  const messages = messagesOf('edgewise:listener:exhausted');
  const { listener, turnUntil, dial } = driven(descriptors, new Recorder(), {});
  kernel.isExhausted = true;
  dial();
  turnUntil(() => listener.stats.exhausted > 0);
  expect(messages).toEqual([{ fd: listener.fd, code: 'EMFILE', policy: 'pause' }]);
});

it('a finding of the lint: the same as the warning', () => {
  const messages = messagesOf('edgewise:lint');
  const reactor = descriptors.using(new Reactor({ lint: true }));
  const [ours, theirs] = descriptors.socketpair();
  reactor.register(ours, Interest.Readable, { onReady: () => undefined }, { trigger: 'edge' });
  sys.send(theirs, Buffer.from('never read'));
  turnIdly(reactor);
  const what = expect.stringContaining('would-block');
  expect(messages).toEqual([
    expect.objectContaining({ code: 'EDGEWISE_UNDRAINED', fd: ours, what }),
  ]);
});

it('a turn that takes long, and not one that does not', () => {
  const messages = messagesOf('edgewise:reactor:slow-turn');
  const reactor = descriptors.using(new Reactor());
  reactor.defer(() => spendMs(11));
  reactor.turn(0);
  expect(messages).toEqual([{ reactor, durationMs: expect.any(Number), eventCount: 0 }]);
  const [{ durationMs }] = messages as [{ durationMs: number }];
  expect(durationMs).toBeGreaterThan(10);
});

it('a restart of a thread of a pool', async () => {
  const messages = messagesOf('edgewise:pool:restart');
  const { pool, errors } = await startPool({ size: 1 });
  await pool.kill(0);
  await errors.next();
  await untilRestarted(pool, 1);
  expect(messages).toEqual([{ pool, index: 0, restarts: 1 }]);
  await pool.close({ timeoutMs: 0 });
});

it('nothing is published without a subscriber', () => {
  const publish = vi.spyOn(channels.slowTurn, 'publish');
  const reactor = descriptors.using(new Reactor());
  reactor.defer(() => spendMs(11));
  reactor.turn(0);
  expect(publish).not.toHaveBeenCalled();
});

it('docs/diagnostics.md has a row for each channel', () => {
  const text = readFileSync(new URL('../docs/diagnostics.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `(edgewise:[a-z:-]+)` \|/gm)].map(([, name]) => name);
  expect(rows).toEqual(Object.values(channels).map(({ name }) => name));
  for (const each of Object.values(channels)) expect(channel(each.name)).toBe(each);
});
