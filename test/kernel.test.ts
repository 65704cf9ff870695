// The seam to the kernel: its calls are watched and replaced in one place, for all layers.
import { constants as os } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen, Reactor } from '../src/index.ts';
import {
  installKernel,
  type KernelObserver,
  type KernelPart,
  observeKernel,
} from '../src/kernel.ts';
import { kernelCalls } from '../src/kernel-calls.ts';
import { native } from '../src/native.ts';
import { Interest, Poller } from '../src/poller/index.ts';
import * as sys from '../src/sys/index.ts';
import { useDescriptors } from './helpers/descriptors.ts';

const descriptors = useDescriptors();
const { EAGAIN, EBADF, EMFILE, ENOENT, EPIPE } = os.errno;

/** No number goes so far. */
const CLOSED = 0x7fff_ffff;

/** Functions of native code that enter no kernel, or only for their own bookkeeping. */
const NO_CALLS = `
  addressSetInet addressSetPath addressSetAbstract addressSetUnspecified addressKind addressPort addressText addressName
  cfmakeraw pin unpin now platformFacts capabilities watchHostLoop createWaker takeWaker wake closeWaker
  openOwner ownDescriptor disown ownFile disownFile giveDescriptor takeDescriptor
  NativePoller NativeLoopDriver NativeThreadDriver NativeSignals poller.notify poller.descriptor poller.stamp
`
  .trim()
  .split(/\s+/);

/** `name(fd, asked) = result` of each call that was seen. */
function record(): string[] {
  const seen: string[] = [];
  const observer: KernelObserver = {
    onCall: ({ name }, fd, result, asked) => void seen.push(`${name}(${fd}, ${asked}) = ${result}`),
  };
  onTestFinished(observeKernel(observer));
  return seen;
}

function functionNames(): string[] {
  const names: string[] = [];
  for (const name in native) {
    if (typeof native[name as keyof typeof native] === 'function') names.push(name);
  }
  const methods = Object.getOwnPropertyNames(native.NativePoller.prototype);
  const own = methods.filter((name) => name !== 'constructor');
  return names.concat(own.map((name) => `poller.${name}`));
}

describe('the table of calls', () => {
  it('has every function that enters the kernel, once', () => {
    const listed = kernelCalls.map(({ name }) => name);
    expect(new Set(listed).size).toBe(listed.length);
    const known = new Set<string>(NO_CALLS.concat(listed));
    expect(functionNames().filter((name) => !known.has(name))).toEqual([]);
    const present = new Set(functionNames());
    expect([...known].filter((name) => !present.has(name))).toEqual([]);
  });
});

describe('observeKernel', () => {
  it('shows descriptor, result and bytes asked for', () => {
    const [a, b] = descriptors.socketpair();
    const seen = record();
    sys.send(a, Buffer.from('hello'));
    sys.recv(b, Buffer.alloc(64), 4, 32);
    sys.recv(b, Buffer.alloc(64));
    sys.writev(a, [Buffer.alloc(3), Buffer.alloc(4)]);
    sys.close(CLOSED);
    expect(seen).toEqual([
      `send(${a}, 5) = 5`,
      `recv(${b}, 32) = 5`,
      `recv(${b}, 64) = ${-EAGAIN}`,
      `writev(${a}, 7) = 7`,
      `close(${CLOSED}, -1) = ${-EBADF}`,
    ]);
  });

  it('shows the arguments', () => {
    const [a] = descriptors.socketpair();
    const seen: unknown[] = [];
    onTestFinished(
      observeKernel({
        onCall: (_call, _fd, _result, _asked, ...args) => seen.push(args.slice(0, 2)),
      }),
    );
    sys.shutdown(a, sys.constants.SHUT_WR);
    expect(seen).toEqual([[a, sys.constants.SHUT_WR]]);
  });

  it('shows what a poller asks of the kernel, and what Node does for us', () => {
    const [a] = descriptors.socketpair();
    const poller = new Poller();
    const seen = record();
    poller.add(a, 1, Interest.Readable);
    poller.wait(0);
    poller.remove(a);
    expect(() => native.unlinkSync('/no/such/file')).toThrow('ENOENT');
    poller.close();
    expect(seen.slice(0, 4)).toEqual([
      `poller.add(${a}, -1) = 0`,
      'poller.wait(-1, -1) = 0',
      `poller.remove(${a}, -1) = 0`,
      `unlinkSync(-1, -1) = ${-ENOENT}`,
    ]);
  });

  it('hands on all arguments, and no more than there are', () => {
    const all = [1, [], 3, 4, 5, 6, 7];
    for (const { name, arity } of kernelCalls) {
      let given: unknown[] = [];
      const take = (...args: unknown[]) => {
        given = args;
        return 70;
      };
      const method = name.startsWith('poller.') ? name.slice('poller.'.length) : undefined;
      const undo = installKernel(
        (method === undefined ? { [name]: take } : { poller: { [method]: take } }) as KernelPart,
      );
      const seen: number[] = [];
      const stop = observeKernel({ onCall: (_, _fd, result) => void seen.push(result) });
      const target = method === undefined ? native : native.NativePoller.prototype;
      const called = target[(method ?? name) as keyof typeof target] as typeof take;
      const result = called(...all);
      stop();
      undo();
      expect([name, result, seen]).toEqual([name, 70, [70]]);
      // Those of node:fs have one or two.
      expect(given.slice(0, arity)).toEqual(all.slice(0, arity));
      if (!name.endsWith('Sync')) expect(given).toHaveLength(arity);
    }
  });

  it('shows no call of an observer, and none that was refused before the kernel', () => {
    const [a] = descriptors.socketpair();
    let count = 0;
    const stop = observeKernel({
      onCall() {
        count++;
        sys.recv(a, Buffer.alloc(1));
      },
    });
    sys.recv(a, Buffer.alloc(1));
    expect(() => sys.recv('no' as never, Buffer.alloc(1))).toThrow(TypeError);
    stop();
    expect(count).toBe(1);
  });

  it('ends when it is undone, and leaves the functions that were there', () => {
    const [a] = descriptors.socketpair();
    const { recv } = native;
    const { add } = native.NativePoller.prototype;
    const seen: string[] = [];
    const stop = observeKernel({ onCall: ({ name }) => void seen.push(name) });
    stop();
    stop();
    sys.recv(a, Buffer.alloc(1));
    expect(seen).toEqual([]);
    expect(native.recv).toBe(recv);
    expect(native.NativePoller.prototype.add).toBe(add);
  });
});

describe('installKernel', () => {
  it('is obeyed by layers that were loaded before', () => {
    const reactor = new Reactor();
    onTestFinished(installKernel({ socket: () => -EMFILE }));
    expect(() => listen({ port: 0, reactor, handlers: {} })).toThrow('EMFILE');
    reactor.close();
  });

  it('puts a part above another, and takes each away in any order', () => {
    const [a] = descriptors.socketpair();
    const plus = (add: number) =>
      installKernel((below) => ({ shutdown: (fd, how) => below.shutdown(fd, how) + add }));
    const lower = plus(1);
    const upper = plus(10);
    expect(sys.shutdown(a, sys.constants.SHUT_RD)).toBe(11);
    lower();
    expect(sys.shutdown(a, sys.constants.SHUT_RD)).toBe(10);
    const top = plus(100);
    expect(sys.shutdown(a, sys.constants.SHUT_RD)).toBe(110);
    upper();
    top();
    expect(sys.shutdown(a, sys.constants.SHUT_RD)).toBe(0);
  });

  it('a part calls what is below it, also when that is replaced above', () => {
    const [a] = descriptors.socketpair();
    const lower = installKernel((below) => ({ send: (fd) => below.shutdown(fd, 0) - 1 }));
    const upper = installKernel({ shutdown: () => 70 });
    expect(sys.send(a, Buffer.alloc(1))).toBe(-1);
    expect(sys.shutdown(a, 0)).toBe(70);
    upper();
    lower();
  });

  it('replaces methods of pollers, and whole classes', () => {
    const [a] = descriptors.socketpair();
    const poller = new Poller();
    const fails = installKernel({ poller: { add: () => -EPIPE } });
    expect(() => poller.add(a, 1, Interest.Readable)).toThrow('EPIPE');
    fails();
    poller.add(a, 1, Interest.Readable);
    poller.close();
    class Other extends native.NativePoller {}
    const replaced = installKernel({ NativePoller: Other });
    const seen = record();
    expect(new native.NativePoller()).toBeInstanceOf(Other);
    replaced();
    expect(new native.NativePoller()).not.toBeInstanceOf(Other);
    expect(seen).toEqual([]);
  });

  it('what is replaced is observed', () => {
    const seen = record();
    onTestFinished(installKernel({ dup: () => 99 }));
    expect(sys.dup(3)).toBe(99);
    expect(seen).toEqual(['dup(3, -1) = 99']);
  });
});
