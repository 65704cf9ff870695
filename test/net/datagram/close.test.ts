// How a datagram socket ends: `close` in order, with what is queued and within its time limit;
// `destroy` at once. The queue is filled over Unix sockets, to a receiver that is paused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DatagramHandlers } from '../../../src/net/datagram/options.ts';
import { Poller } from '../../../src/poller/poller.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { datagramWorld, Inbound } from '../inbound.ts';
import { codeOf } from '../recorder.ts';

const TIMEOUT_MS = 30;

describe.each(Poller.backends)('%s: the end of a datagram socket', (backend) => {
  const descriptors = useDescriptors();

  /** A paused receiver, and a client with `queued` datagrams in its queue. */
  function start(more: DatagramHandlers = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-close-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { reactor, bind, turnUntil } = datagramWorld(descriptors, 'level', { backend });
    const received = new Inbound();
    const receiver = bind(received.handlers, { path: join(folder, 'receiver') });
    const inbound = new Inbound();
    const ends: (Error | undefined)[] = [];
    const controller = new AbortController();
    const client = bind(
      { ...inbound.handlers, ...more, close: (_, error) => void ends.push(error) },
      { path: join(folder, 'client'), signal: controller.signal },
    );
    const to = receiver.address;
    const sent: string[] = [];
    const fill = (queued: number) => {
      receiver.pause();
      while (client.queuedCount < queued) {
        sent.push(`${sent.length}`);
        client.send(sent.at(-1) as string, to);
      }
    };
    const world = { reactor, bind, turnUntil, receiver, received, client, inbound };
    return { ...world, ends, controller, sent, fill };
  }

  it('close: at once when nothing is queued, and reported at the end of the turn', () => {
    const { reactor, client, ends } = start();
    client.close();
    expect([client.isClosed, client.fd, ends.length]).toEqual([true, -1, 0]);
    reactor.turn(0);
    expect(ends).toEqual([undefined]);
    client.close();
    client.destroy(new Error('too late'));
    reactor.turn(0);
    expect(ends).toHaveLength(1);
  });

  it('close: sends what is queued, in order, and takes nothing new', () => {
    const { turnUntil, receiver, received, client, ends, sent, fill } = start();
    fill(5);
    client.close();
    expect([client.isClosed, client.queuedCount]).toEqual([false, 5]);
    for (const call of [
      () => client.send('late', receiver.address),
      () => client.sendMany(new sys.MessageBatch(1, 1), 1),
      () => client.connect(receiver.address),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    }
    receiver.resume();
    turnUntil(() => ends.length === 1 && received.messages.length === sent.length);
    expect(received.messages).toEqual(sent);
    expect(client.stats).toMatchObject({ messagesSent: sent.length, sendDropped: 0 });
    expect([client.isClosed, ends]).toEqual([true, [undefined]]);
  });

  it('close while the reactor closes: at once', async () => {
    const { reactor, client, ends, fill } = start();
    fill(5);
    const others = [...reactor.dependents];
    reactor.dependents.clear();
    let disposed: Promise<void> | undefined;
    reactor.dependents.add({
      close: () => {
        disposed = client[Symbol.asyncDispose]();
      },
    });
    for (const other of others) reactor.dependents.add(other);
    reactor.close();
    await disposed;
    expect([client.isClosed, ends]).toEqual([true, [undefined]]);
  });

  it('close: receives nothing more, also after resume', () => {
    const { reactor, receiver, client, inbound, ends, fill, turnUntil } = start();
    fill(1);
    client.close();
    client.resume();
    receiver.send('unread', client.address);
    for (let i = 0; i < 5; i++) reactor.turn(0);
    expect(inbound.messages).toEqual([]);
    receiver.resume();
    turnUntil(() => ends.length === 1);
    expect(inbound.messages).toEqual([]);
    expect(client.stats.messagesReceived).toBe(0);
  });

  it('close in a handler: the datagrams behind it are counted as dropped', () => {
    const calls: string[] = [];
    const { receiver, client, turnUntil, fill, ends } = start({
      message(socket, bytes) {
        calls.push(bytes.toString());
        socket.close();
      },
    });
    for (const text of ['first', 'second', 'third']) receiver.send(text, client.address);
    fill(1);
    turnUntil(() => calls.length === 1);
    expect(client.stats.receiveDropped).toBe(2);
    receiver.resume();
    turnUntil(() => ends.length === 1);
    expect(calls).toEqual(['first']);
  });

  it('close: what has not left after the time limit is dropped', () => {
    const { turnUntil, client, ends, fill } = start();
    fill(5);
    const startMs = performance.now();
    client.close({ timeoutMs: TIMEOUT_MS });
    turnUntil(() => ends.length === 1);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expect(client.stats.sendDropped).toBe(5);
    expect(ends).toEqual([undefined]);
  });

  it('close with a time limit of 0: sends what the kernel takes now, and drops the rest', () => {
    const { receiver, client, fill } = start();
    fill(5);
    expect(must(sys.recv(receiver.fd, Buffer.alloc(8)))).toBe(1); // room for one
    client.close({ timeoutMs: 0 });
    expect(client.isClosed).toBe(true);
    expect(client.stats.sendDropped).toBe(4);
  });

  it('close again: a time limit that is given replaces the first one, another call does nothing', () => {
    const { client, fill } = start();
    fill(1);
    client.close();
    client.close();
    expect(client.isClosed).toBe(false);
    client.close({ timeoutMs: 0 });
    expect(client.isClosed).toBe(true);
  });

  it('close: a time limit of the wrong kind is a typed error, and nothing is closed', () => {
    const { client } = start();
    for (const [options, code] of [
      [{ timeoutMs: -1 }, 'ERR_OUT_OF_RANGE'],
      [{ timeoutMs: 0.5 }, 'ERR_OUT_OF_RANGE'],
      [{ timeoutMs: '1' }, 'ERR_INVALID_ARG_TYPE'],
      [1, 'ERR_INVALID_ARG_TYPE'],
    ] as const) {
      expect(() => client.close(options as never)).toThrow(expect.objectContaining({ code }));
    }
    expect(() => client.destroy('no error' as never)).toThrow(TypeError);
    expect(client.isClosed).toBe(false);
  });

  it('close: errors of what leaves last are reported before the end', () => {
    const order: (string | undefined)[] = [];
    const { turnUntil, receiver, client, ends, fill } = start({
      error: (_, error) => void order.push(codeOf(error)),
    });
    fill(2);
    client.close();
    receiver.destroy();
    turnUntil(() => ends.length === 1);
    expect(order).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    expect(client.stats).toMatchObject({ sendFailed: 2, sendDropped: 0 });
  });

  it('close: `drain` is not called, since nothing can be sent any more', () => {
    const { turnUntil, receiver, client, inbound, ends, fill } = start();
    fill(1);
    while (client.send(new Uint8Array(100_000), receiver.address));
    client.close();
    receiver.resume();
    turnUntil(() => ends.length === 1);
    expect(inbound.drains).toBe(0);
  });

  it('destroy: drops what is queued, and `close` gets the error', () => {
    const { reactor, client, ends, fill } = start();
    fill(5);
    const error = new Error('enough');
    client.destroy(error);
    expect([client.isClosed, client.stats.sendDropped, ends.length]).toEqual([true, 5, 0]);
    reactor.turn(0);
    expect(ends).toEqual([error]);
  });

  it('destroy: ends a close that is under way', () => {
    const { client, fill } = start();
    fill(5);
    client.close();
    client.destroy();
    expect(client.isClosed).toBe(true);
    expect(client.stats.sendDropped).toBe(5);
  });

  it('the signal destroys it, also while it is being closed, and `close` gets the reason', () => {
    const { reactor, client, controller, ends, fill } = start();
    fill(1);
    client.close();
    controller.abort(new Error('the reason'));
    expect(client.isClosed).toBe(true);
    reactor.turn(0);
    expect(ends).toMatchObject([{ message: 'the reason' }]);
  });

  it('its reactor destroys it, also while it is being closed', () => {
    const { reactor, client, ends, fill } = start();
    fill(1);
    client.close();
    reactor.close();
    expect(client.isClosed).toBe(true);
    expect(ends.map(codeOf)).toEqual(['ERR_CLOSED']);
  });

  it('using: destroyed at the end of the block', () => {
    const { client, fill } = start();
    fill(1);
    client[Symbol.dispose]();
    expect(client.isClosed).toBe(true);
    expect(client.stats.sendDropped).toBe(1);
  });

  it('await using: resolves when all has left and `close` was called', async () => {
    const { turnUntil, receiver, received, client, ends, sent, fill } = start();
    fill(1);
    const order: string[] = [];
    const disposed = client[Symbol.asyncDispose]().then(() => order.push(`ends: ${ends.length}`));
    await Promise.resolve();
    expect(order).toEqual([]);
    receiver.resume();
    turnUntil(() => ends.length === 1);
    await disposed;
    expect(order).toEqual(['ends: 1']);
    turnUntil(() => received.messages.length === sent.length);
    await client[Symbol.asyncDispose](); // closed already: at once
  });

  it('await using: resolves also when the `close` handler throws, and when the reactor closes', async () => {
    const { reactor, bind } = start();
    const socket = bind({
      close: () => {
        throw new Error('of the handler');
      },
    });
    const disposed = socket[Symbol.asyncDispose]();
    expect(() => reactor.close()).toThrow('of the handler');
    await disposed;
  });

  it('unref: an open socket does not keep the reactor alive, but what is queued does', async () => {
    const { reactor, receiver, received, client, fill, sent, turnUntil } = start();
    expect(client.hasRef()).toBe(true);
    fill(1);
    reactor.turn(20); // the queue was tried in vain: from here on a timer tries it again
    for (const socket of [receiver, client]) expect(socket.unref().hasRef()).toBe(false);
    reactor.setTimeout(() => receiver.resume(), 20).unref();
    await reactor.run();
    expect(client.queuedCount).toBe(0);
    turnUntil(() => received.messages.length === sent.length);
    expect(client.ref().hasRef()).toBe(true);
  });
});
