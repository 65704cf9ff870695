// How a socket ends, and in what its listeners run.
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { attempt, bound, call, closed, HOST, ours, same, settled, type shapeOf } from './both.ts';

const noop = () => undefined;

describe('close', () => {
  same('emits in a later tick, calls back, and is the last', async (dgram) => {
    const { socket } = await bound(dgram);
    const events: string[] = [];
    socket.on('close', () => events.push('before'));
    const isSame = socket.close(() => events.push('callback')) === socket;
    socket.on('close', () => events.push('after'));
    events.push('returned');
    await once(socket, 'close');
    await settled();
    return [isSame, events, attempt(() => socket.close())];
  });

  same('of a socket that was never bound', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    const given: unknown[] = [];
    socket.close((...args: unknown[]) => given.push(args));
    await once(socket, 'close');
    return given;
  });

  same('while it is being bound', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    const events: string[] = [];
    for (const name of ['listening', 'close']) socket.on(name, () => events.push(name));
    socket.bind(0, HOST);
    socket.close();
    await once(socket, 'close');
    await settled();
    return events;
  });

  same('in listening', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    socket.bind(0, HOST, () => socket.close());
    await once(socket, 'close');
    return attempt(() => socket.address());
  });

  same('by await using, once', async (dgram) => {
    const { socket } = await bound(dgram);
    let count = 0;
    socket.on('close', () => count++);
    await socket[Symbol.asyncDispose]();
    const first = count;
    await socket[Symbol.asyncDispose]();
    return [first, count];
  });

  same('by a signal', async (dgram) => {
    const controller = new AbortController();
    const { socket } = await bound(dgram, { type: 'udp4', signal: controller.signal });
    controller.abort();
    await once(socket, 'close');
    const aborted = dgram.createSocket({ type: 'udp4', signal: AbortSignal.abort() });
    await once(aborted, 'close');
    const late = new AbortController();
    const gone = dgram.createSocket({ type: 'udp4', signal: late.signal });
    await closed(gone);
    late.abort();
    return [attempt(() => socket.address()), attempt(() => aborted.bind())];
  });

  same('by a signal while it is being bound', async (dgram) => {
    const controller = new AbortController();
    const socket = dgram.createSocket({ type: 'udp4', signal: controller.signal });
    const events: string[] = [];
    for (const name of ['listening', 'close']) socket.on(name, () => events.push(name));
    socket.bind(0, HOST);
    controller.abort();
    await once(socket, 'close');
    await settled();
    return events;
  });

  same('refuses what is no signal', (dgram) =>
    [null, 5, {}, 'signal'].map((signal) =>
      attempt(() => call(dgram, 'createSocket', { type: 'udp4', signal })),
    ),
  );

  it('by a signal although a program removes all listeners', async () => {
    const controller = new AbortController();
    const { socket } = await bound(ours, { type: 'udp4', signal: controller.signal });
    socket.removeAllListeners();
    controller.abort();
    await once(socket, 'close');
    expect(() => socket.address()).toThrow(/Not running/);
  });
});

describe('events', () => {
  same('a listener that fails is caught with captureRejections', async (dgram) => {
    const { captureRejections } = EventEmitter;
    EventEmitter.captureRejections = true;
    const { socket, port } = await bound(dgram);
    EventEmitter.captureRejections = captureRejections;
    const reason = new Error('of the listener');
    socket.on('message', async () => {
      throw reason;
    });
    const failed = once(socket, 'error', {});
    socket.send('x', port, HOST);
    const [error] = await failed;
    await closed(socket);
    return error === reason;
  });

  same('have the async context in which the socket was made', async (dgram) => {
    const storage = new AsyncLocalStorage<string>();
    const found: unknown[] = [];
    const socket = storage.run('made', () => dgram.createSocket('udp4'));
    socket.on('message', () => found.push(storage.getStore()));
    await storage.run('bound', async () => {
      socket.bind(0, HOST);
      await once(socket, 'listening');
    });
    const received = once(socket, 'message');
    storage.run('sent', () => socket.send('x', socket.address().port, HOST));
    await received;
    await closed(socket);
    return found;
  });

  same('an error that has no listener is thrown', async (dgram) => {
    const lookup = (_host: string, _options: unknown, callback: (...found: unknown[]) => void) =>
      callback(null, '192.0.2.1', 4); // at once: the caller of bind gets it
    const socket = dgram.createSocket({ type: 'udp4', lookup: lookup as never });
    const found = attempt(() => socket.bind(0));
    await closed(socket);
    return found;
  });

  it('an error of bind is thrown also where a callback was given', async () => {
    const lookup = (_host: string, _options: unknown, callback: (...found: unknown[]) => void) =>
      callback(null, '192.0.2.1', 4);
    const socket = ours.createSocket({ type: 'udp4', lookup: lookup as never });
    const error = attempt(() => socket.bind(0, noop)) as ReturnType<typeof shapeOf>;
    expect(error).toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind' });
    await closed(socket);
  });
});
