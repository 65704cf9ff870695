// Two copies of the package in one process, as npm makes them when versions differ: what they have
// in common is the process and its threads.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as ours from '../../src/index.ts';
import { addonPath } from '../../src/native.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { turnIdly, turnUntil } from '../helpers/handlers.ts';

const descriptors = useDescriptors();
let folder: string;
let theirs: typeof ours;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edgewise-copy-'));
  const copy = join(folder, 'edgewise.node');
  copyFileSync(addonPath, copy); // another file is another library to the loader
  vi.stubEnv('EDGEWISE_ADDON', copy);
  vi.resetModules();
  theirs = await import('../../src/index.ts');
  vi.unstubAllEnvs();
});

afterAll(() => rmSync(folder, { recursive: true }));

it('only one reactor of a thread is inverted, whichever copy it is of', () => {
  expect(theirs.Reactor).not.toBe(ours.Reactor);
  const [first, second] = [new ours.Reactor(), new theirs.Reactor()].map((reactor) =>
    descriptors.using(reactor),
  ) as [ours.Reactor, ours.Reactor];
  first.attach();
  second.attach();
  expect([first.driverMode, second.driverMode]).toEqual(['inverted', 'nested']);
  second.detach();
  const refused = expect.objectContaining({ code: 'ERR_DRIVER_UNAVAILABLE' });
  expect(() => second.attach({ driver: 'inverted' })).toThrow(refused);
  first.detach();
  second.attach();
  first.attach();
  expect([first.driverMode, second.driverMode]).toEqual(['nested', 'inverted']);
});

it('a batch of one copy makes work for a reactor of another', async () => {
  const first = descriptors.using(new ours.Reactor());
  const second = descriptors.using(new theirs.Reactor());
  second.attach({ driver: 'nested' });
  first.attach({ driver: 'inverted' });
  const calls: string[] = [];
  const done = new Promise<void>((resolve) => {
    first.setTimeout(() => {
      second.defer(() => calls.push('deferred'));
      second.setTimeout(() => {
        calls.push('timer');
        resolve();
      }, 5);
    }, 1);
  });
  const alarm = setTimeout(() => calls.push('alarm'), 2000); // wakes Node's loop by itself
  await done;
  clearTimeout(alarm);
  expect(calls).toEqual(['deferred', 'timer']);
});

it('a waker of one copy does not wake a reactor of another', () => {
  const woken: string[] = [];
  const reactor = descriptors.using(new theirs.Reactor());
  reactor.createWaker(() => woken.push('theirs'));
  const own = descriptors.using(new ours.Reactor());
  const waker = own.createWaker(() => woken.push('ours'));
  expect(new theirs.Waker(waker.id).wake()).toBe(false);
  expect(new ours.Waker(waker.id).wake()).toBe(true);
  reactor.turn(0);
  own.turn(0);
  expect(woken).toEqual(['ours']);
});

const ORDERS = [
  ['ours', 'theirs', 'ours'],
  ['ours', 'theirs', 'process', 'ours'],
  ['theirs', 'process', 'ours', 'theirs'],
  ['process', 'ours', 'theirs', 'process'],
];

it.each(ORDERS)(
  'a signal reaches each copy, and process.on, as often as they ask: %s, %s, %s …',
  (...order) => {
    const reactors = {
      ours: descriptors.using(new ours.Reactor()),
      theirs: descriptors.using(new theirs.Reactor()),
    };
    let heard: string[] = [];
    const listener = (): void => undefined;
    for (const [index, party] of order.entries()) {
      const note = () => heard.push(`${party} ${index}`);
      if (party === 'process') process.on('SIGUSR2', listener).off('SIGUSR2', listener);
      else reactors[party as 'ours'].onSignal('SIGUSR2', note);
    }
    const expected = order
      .map((party, index) => `${party} ${index}`)
      .filter((name) => !name.startsWith('p'));
    for (let round = 0; round < 3; round++) {
      heard = [];
      process.kill(process.pid, 'SIGUSR2');
      for (const reactor of Object.values(reactors)) turnUntil(reactor, () => heard.length > 0);
      for (const reactor of Object.values(reactors)) turnIdly(reactor);
      expect(heard.sort()).toEqual(expected.sort());
    }
    reactors.ours.close();
    heard = [];
    process.kill(process.pid, 'SIGUSR2'); // would end us, had the close of one copy taken it from the other
    turnUntil(reactors.theirs, () => heard.length > 0);
    expect(heard).toEqual(expected.filter((name) => name.startsWith('theirs')));
  },
);
