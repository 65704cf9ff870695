// The operations for await: promises that resolve without a turn or wait for one, errors with the stack
// of the caller, signals, and a loop that always finds something to read.
import { createHook } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { awaitable } from '../../src/proactor/awaitable.ts';
import { delay } from '../../src/proactor/delay.ts';
import { Proactor } from '../../src/proactor/proactor.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { fill } from './driven.ts';

const { AF_INET, F_SETFL, O_NONBLOCK, SOCK_NONBLOCK, SOCK_STREAM } = sys.constants;

describe('awaitable', () => {
  const descriptors = useDescriptors();

  function attached(): Proactor {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return new Proactor({ reactor });
  }

  it('resolves what is done at once without a turn, and the rest in a turn', async () => {
    const proactor = attached();
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = awaitable(proactor.open(ours));
    const { turns } = proactor.reactor.stats;
    const written = await descriptor.write(Buffer.from('abc')).then((count) => count);
    expect(written).toBe(3);
    must(sys.send(theirs, Buffer.from('12345')));
    const bytes = Buffer.alloc(8);
    expect(await descriptor.read(bytes, { offset: 1, length: 2 })).toBe(2);
    expect(proactor.reactor.stats.turns).toBe(turns);
    const whole = descriptor.readExactly(bytes);
    expect(whole).toBeInstanceOf(Promise);
    must(sys.send(theirs, Buffer.from('67890')));
    expect(await whole).toBe(8);
    expect(bytes.toString()).toBe('34567890');
    expect(proactor.pendingCount).toBe(0);
  });

  it('makes no promise more than it needs', async () => {
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = awaitable(attached().open(ours));
    let count = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === 'PROMISE') count++;
      },
    });
    const counted = (start: () => Promise<number>) => {
      count = 0;
      hook.enable();
      const promise = start();
      hook.disable();
      return promise.then((result) => result);
    };
    const bytes = Buffer.alloc(8);
    await counted(() => descriptor.write(bytes));
    const atOnce = count;
    const waiting = counted(() => descriptor.read(bytes));
    const whileWaiting = count;
    must(sys.send(theirs, Buffer.from('x')));
    expect(await waiting).toBe(1);
    expect(atOnce).toBe(1);
    expect(whileWaiting).toBe(3); // what is waited for, what is returned, and one of `await` for the hook
  });

  it('waits for a delay, until it is over, aborted or the proactor closed', async () => {
    const proactor = attached();
    expect(await delay(proactor, 1)).toBeUndefined();
    const abort = new AbortController();
    const aborted = delay(proactor, 60_000, { signal: abort.signal });
    const closed = delay(proactor, 60_000);
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    expect(proactor.pendingCount).toBe(1);
    proactor.close();
    await expect(closed).rejects.toMatchObject({ code: 'ECANCELED' });
    await expect(delay(proactor, 1)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(delay({} as never, 1)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(proactor.pendingCount).toBe(0);
  });

  it('accepts, connects and passes messages', async () => {
    const proactor = attached();
    const listener = descriptors.listener();
    must(sys.fcntl(listener.fd, F_SETFL, O_NONBLOCK));
    const from = new sys.SocketAddress();
    const accepting = awaitable(proactor.open(listener.fd)).accept({ from });
    const fd = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
    const client = awaitable(proactor.open(fd));
    expect(await client.connect(listener.address)).toBe(0);
    const server = awaitable(proactor.open(descriptors.track(await accepting)));
    expect(from.address).toBe('127.0.0.1');
    const buffers = [Buffer.alloc(2), Buffer.alloc(2)];
    const receiving = server.recvmsg(buffers, new sys.ReceivedMessage());
    expect(await client.sendmsg({ buffers: [Buffer.from('abcd')] })).toBe(4);
    expect(await receiving).toBe(4);
    expect(String(Buffer.concat(buffers))).toBe('abcd');
  });

  it('errors have the stack of the caller that awaits, and the error of the kernel as their cause', async () => {
    const proactor = attached();
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = awaitable(proactor.open(ours));
    async function theCaller(): Promise<void> {
      await descriptor.readExactly(Buffer.alloc(4));
    }
    const failing = theCaller();
    descriptors.close(theirs);
    const error: Error = await failing.then(
      () => expect.fail('it did not fail'),
      (reason) => reason,
    );
    expect(error).toMatchObject({
      code: 'ERR_UNEXPECTED_END',
      cause: { code: 'ERR_UNEXPECTED_END' },
    });
    expect(error.stack).toContain('theCaller');
    await expect(descriptor.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'EPIPE' });
  });

  it('a signal cancels, and rejects with its reason; others are not touched', async () => {
    const proactor = attached();
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = awaitable(proactor.open(ours));
    const controller = new AbortController();
    const reason = new Error('on purpose');
    const { signal } = controller;
    const aborted = descriptor.read(Buffer.alloc(1), { signal });
    const next = descriptor.read(Buffer.alloc(1));
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(descriptor.read(Buffer.alloc(1), { signal })).rejects.toBe(reason);
    must(sys.send(theirs, Buffer.from('x')));
    expect(await next).toBe(1);
    expect(proactor.pendingCount).toBe(0);
  });

  it('cancelled otherwise: ECANCELED; the reactor closed: the same', async () => {
    const proactor = attached();
    const [ours, theirs] = descriptors.socketpair();
    const one = proactor.open(ours);
    const cancelled = awaitable(one).read(Buffer.alloc(1));
    one.cancelAll();
    await expect(cancelled).rejects.toMatchObject({ code: 'ECANCELED', syscall: 'read' });
    fill((bytes) => sys.send(theirs, bytes));
    const ended = awaitable(proactor.open(theirs)).writeAll(Buffer.alloc(10));
    proactor.reactor.close();
    await expect(ended).rejects.toMatchObject({ code: 'ECANCELED' });
    await expect(awaitable(one).read(Buffer.alloc(1))).rejects.toMatchObject({
      code: 'ERR_CLOSED',
    });
  });

  it('a loop that always finds something lets timers have their turn', async () => {
    const proactor = attached();
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = awaitable(proactor.open(ours));
    fill((bytes) => sys.send(theirs, bytes));
    let isOver = false;
    setImmediate(() => {
      isOver = true;
    });
    const byte = Buffer.alloc(1);
    let count = 0;
    for (; !isOver && count < 50_000; count++) expect(await descriptor.read(byte)).toBe(1);
    expect(isOver, `after ${count} reads`).toBe(true);
  });

  it('wrong arguments reject, and nothing is pending', async () => {
    const proactor = attached();
    const [ours] = descriptors.socketpair();
    const descriptor = awaitable(proactor.open(ours));
    const code = 'ERR_INVALID_ARG_TYPE';
    expect(() => awaitable({} as never)).toThrowError(expect.objectContaining({ code }));
    const operations = [
      descriptor.read('text' as never),
      descriptor.read(Buffer.alloc(1), { signal: 1 as never }),
      descriptor.sendFile('x' as never),
    ];
    for (const operation of operations) await expect(operation).rejects.toMatchObject({ code });
    expect(proactor.pendingCount).toBe(0);
  });
});
