// The Poller's own surface: options, capabilities, arguments. What it reports is tested by
// poller-suite.ts and test/behaviour/semantics/.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type NativePoller, native } from '../../src/native.ts';
import type { Backend, Trigger } from '../../src/poller/interest.ts';
import { BACKENDS, Interest, TRIGGERS } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import * as sys from '../../src/sys/index.ts';
import { REFUSED } from '../../src/validate.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { send } from '../helpers/handlers.ts';
import { eachBackend } from '../helpers/matrix.ts';
import { KERNELS } from './kernels.ts';

const descriptors = useDescriptors();
const coded = (code: string) => expect.objectContaining({ code });
const NO_NUMBERS: unknown[] = ['1', null, {}, [], true, 1n, Symbol('s'), () => 1];
const NO_WHOLE_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5];

it('names its back-ends, the preferred one first', () => {
  const [first] = Poller.backends;
  expect(first).toBe(Poller.preferredBackend);
  expect(first).toBe(process.platform === 'linux' ? 'epoll' : 'kqueue');
  expect(new Set(Poller.backends).size).toBe(3);
  expect(descriptors.using(new Poller()).backend).toBe(first);
});

it('says which back-ends are missing here', () => {
  for (const backend of BACKENDS) {
    if (Poller.backends.includes(backend)) continue;
    expect(() => new Poller({ backend })).toThrow(coded('ERR_BACKEND_UNAVAILABLE'));
    expect(() => Poller.capabilitiesOf(backend)).toThrow(coded('ERR_BACKEND_UNAVAILABLE'));
  }
});

it('refuses options that it does not know', () => {
  for (const options of [null, 1, 'epoll'] as unknown[] as object[]) {
    expect(() => new Poller(options)).toThrow(coded('ERR_INVALID_ARG_TYPE'));
  }
  for (const backend of ['iocp', 'toString', '', 0, null] as unknown[] as Backend[]) {
    expect(() => new Poller({ backend })).toThrow(coded('ERR_INVALID_ARG_VALUE'));
  }
  for (const capacity of [0, 65_537, ...NO_WHOLE_NUMBERS]) {
    expect(() => new Poller({ capacity })).toThrow(coded('ERR_OUT_OF_RANGE'));
  }
  for (const capacity of NO_NUMBERS as number[]) {
    expect(() => new Poller({ capacity })).toThrow(coded('ERR_INVALID_ARG_TYPE'));
  }
});

it('gives its descriptors back when nothing holds it any more', () => {
  const script = fileURLToPath(new URL('../workers/dropped.mjs', import.meta.url));
  const out = execFileSync(process.execPath, ['--expose-gc', script], { encoding: 'utf8' });
  const [before, held, after] = JSON.parse(out) as [number, number, number];
  expect(held).toBeGreaterThan(before + 50);
  expect(after).toBe(before);
});

eachBackend((backend) => {
  const make = () => descriptors.using(new Poller({ backend }));
  const capabilities = Poller.capabilitiesOf(backend);

  it('declares what it can do, for good', () => {
    expect(capabilities.backend).toBe(backend);
    expect(capabilities.triggers).toContain('level');
    expect(capabilities.triggers).toContain('oneshot');
    expect(capabilities.triggers.includes('edge')).toBe(capabilities.nestable);
    expect(capabilities.interests).toBe(KERNELS[backend].interests);
    expect(capabilities.fdLimit).toBe(backend === 'select' ? 1024 : Number.POSITIVE_INFINITY);
    expect(Object.isFrozen(capabilities)).toBe(true);
  });

  it('refuses triggers that it does not have, and says which it has', () => {
    const poller = make();
    const [fd] = descriptors.socketpair();
    for (const trigger of TRIGGERS.filter((each) => !capabilities.triggers.includes(each))) {
      const refused = coded('ERR_TRIGGER_UNSUPPORTED');
      expect(() => poller.add(fd, 1, 1, trigger)).toThrow(refused);
      poller.add(fd, 1, 1);
      expect(() => poller.modify(fd, 1, 1, trigger)).toThrow(refused);
      poller.remove(fd);
    }
  });

  it('takes descriptors up to its limit', () => {
    const poller = make();
    const [ours, theirs] = descriptors.socketpair();
    const { F_DUPFD_CLOEXEC } = sys.constants;
    const last = descriptors.track(sys.fcntl(ours, F_DUPFD_CLOEXEC, 1023));
    const beyond = descriptors.track(sys.fcntl(ours, F_DUPFD_CLOEXEC, 1024));
    poller.add(last, 1023, 1);
    if (capabilities.fdLimit <= 1024) {
      expect(() => poller.add(beyond, 1024, 1)).toThrow(coded('ERR_OUT_OF_RANGE'));
      expect(() => poller.modify(beyond, 1024, 1)).toThrow(coded('ERR_OUT_OF_RANGE'));
      expect(() => poller.remove(beyond)).toThrow(coded('ENOENT'));
    } else {
      poller.add(beyond, 1024, 1);
    }
    send(theirs, 'x');
    expect(poller.wait(0)).toBe(capabilities.fdLimit <= 1024 ? 1 : 2);
  });

  it('refuses wrong arguments before the kernel sees them', () => {
    const poller = make();
    const [fd] = descriptors.socketpair();
    const calls: Readonly<Record<string, (value: number) => unknown>> = {
      'add(fd)': (value) => poller.add(value, 1, 1),
      'add(token)': (value) => poller.add(fd, value, 1),
      'add(interest)': (value) => poller.add(fd, 1, value),
      'modify(fd)': (value) => poller.modify(value, 1, 1),
      'modify(token)': (value) => poller.modify(fd, value, 1),
      'modify(interest)': (value) => poller.modify(fd, 1, value),
      'remove(fd)': (value) => poller.remove(value),
      'wait(timeoutMs)': (value) => poller.wait(value),
    };
    for (const [name, call] of Object.entries(calls)) {
      for (const value of NO_NUMBERS as number[]) {
        expect(() => call(value), name).toThrow(coded('ERR_INVALID_ARG_TYPE'));
      }
      const wrong = name.startsWith('wait')
        ? [Number.NaN, Number.POSITIVE_INFINITY, -2, -0.5]
        : [...NO_WHOLE_NUMBERS, 2 ** 53];
      for (const value of wrong) {
        expect(() => call(value), `${name} ${value}`).toThrow(coded('ERR_OUT_OF_RANGE'));
      }
    }
    for (const trigger of ['LEVEL', '', 0, null] as unknown[] as Trigger[]) {
      expect(() => poller.add(fd, 1, 1, trigger)).toThrow(coded('ERR_INVALID_ARG_VALUE'));
    }
    expect(() => poller.add(fd, 1, 16)).toThrow(coded('ERR_OUT_OF_RANGE'));
    expect(() => poller.add(2 ** 31, 1, 1)).toThrow(coded('ERR_OUT_OF_RANGE'));
    expect(must(poller.wait(0))).toBe(0);
  });

  it('brings as many events in one wait as its capacity', () => {
    const count = 1100; // more than the default of 1024
    if (Poller.capabilitiesOf(backend).fdLimit <= count) return;
    const poller = descriptors.using(new Poller({ backend, capacity: 2048 }));
    const [ours] = descriptors.socketpair();
    for (let i = 0; i < count; i++) {
      poller.add(i === 0 ? ours : descriptors.dup(ours), i, Interest.Writable);
    }
    expect(poller.wait(0)).toBe(count);
  });

  it('gives events by index, within its capacity', () => {
    const poller = descriptors.using(new Poller({ backend, capacity: 2 }));
    const [ours, theirs] = descriptors.socketpair();
    send(theirs, 'x');
    poller.add(ours, 9, 1);
    expect(poller.wait(-1)).toBe(1);
    expect([poller.events.token(0), poller.events.readiness(0)]).toEqual([9, 1]);
    expect(poller.events.detail(0)).toBeGreaterThan(0);
    for (const index of [2, -1, 0.5, Number.NaN]) {
      expect(() => poller.events.token(index)).toThrow(coded('ERR_OUT_OF_RANGE'));
    }
  });
});

it('takes no other object of native code for a poller, whichever was used last', () => {
  const poller = descriptors.using(new Poller());
  const signals = new native.NativeSignals();
  try {
    expect(poller.wait(0)).toBe(0);
    const driver = new native.NativeLoopDriver(poller.handle);
    for (const other of [signals, driver, Object.create(poller.handle), {}, null, 7] as unknown[]) {
      expect(native.createWaker(other as NativePoller)).toBe(REFUSED);
      expect(() => new native.NativeLoopDriver(other as NativePoller)).toThrow(
        coded('ERR_INVALID_ARG_TYPE'),
      );
    }
  } finally {
    signals.close();
  }
});
