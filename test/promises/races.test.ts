// What happens between two steps of an operation that waits: aborts, resets and a reactor that is
// closed, at the moments where a wake-up is easily lost.
import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { Readiness } from '../../src/poller/index.ts';
import { connect } from '../../src/promises/connect.ts';
import { bind } from '../../src/promises/datagram.ts';
import { readable, writable } from '../../src/promises/descriptor.ts';
import { signal as signals } from '../../src/promises/signal.ts';
import { interval, sleep, timeout } from '../../src/promises/timing.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { itUncut, UNTAKEN, volume } from '../helpers/cuts.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { setLinger } from '../helpers/linger.ts';
import { atOnce, codeOf, HOST, openPair } from './pair.ts';

const STOP = Object.assign(new Error('stop'), { code: 'STOP' });

describe.each(['level', 'edge'] as const)('%s: between two steps', (trigger) => {
  const descriptors = useDescriptors();
  const open = (options = {}) => openPair(descriptors, { trigger, ...options });

  it('an abort that comes after the wake-up, and before the next attempt, is seen', async () => {
    const { client, server } = await open();
    const abort = new AbortController();
    const reading = codeOf(server.readExactly(4, { signal: abort.signal }));
    server.raw.onReady(Readiness.Readable); // a wake-up for nothing: it has to wait again
    abort.abort(STOP);
    expect(await reading).toBe('STOP');
    await client.write('abcd');
    expect(String(await server.readExactly(4))).toBe('abcd');
  });

  it('end, with a signal that was aborted before, does not wait', async () => {
    const { client } = await open();
    client.raw.write(UNTAKEN);
    expect(await codeOf(client.end(undefined, { signal: AbortSignal.abort(STOP) }))).toBe('STOP');
    expect(client.raw.isWriteEnded).toBe(false);
  });

  it('end is not taken down by a long write before it that was aborted', async () => {
    const { client, server } = await open();
    const abort = new AbortController();
    const writing = codeOf(client.write(UNTAKEN, { signal: abort.signal }));
    const ending = codeOf(client.end());
    abort.abort(STOP);
    expect(await writing).toBe('STOP');
    while ((await server.read()) !== null);
    expect(await ending).toBe('resolved');
  });

  it('a writer that waits fails by a reset although nothing is read', async () => {
    const { client, server } = await open();
    const writing = codeOf(server.write(UNTAKEN));
    while (client.raw.bytesRead < volume(100_000)) await client.read();
    setLinger(client.fd);
    client.destroy();
    expect(await writing).toMatch(/ECONNRESET|EPIPE/);
  });

  it('a reset that looks like an end behind a failed write is reported, each time', async () => {
    const { client, server } = await open();
    await client.write('last words');
    setLinger(client.fd);
    client.destroy();
    expect(await codeOf(server.write('x'))).toMatch(/ECONNRESET|EPIPE/);
    const reading = async () => {
      while ((await server.read()) !== null);
    };
    for (let count = 0; count < 3; count++) {
      expect(await codeOf(reading())).toMatch(/ECONNRESET|EPIPE/);
    }
  });

  it('an end that was reported stays one, whatever becomes of a write', async () => {
    const { client, server } = await open();
    client.setOptions({ lingerSeconds: 0 });
    await client.end();
    expect(await server.read()).toBeNull();
    client.destroy();
    while (!server.isClosed) await server.write('x').catch(() => undefined);
    expect(await server.read()).toBeNull();
  });

  it('what waits for its turn ends with the reactor', async () => {
    const { client, server, reactor } = await open();
    await client.write(Buffer.alloc(1000));
    while (server.raw.bytesRead === 0) await server.readInto(Buffer.alloc(1));
    let last = server.readInto(Buffer.alloc(1));
    for (let count = 0; count < 200 && (await atOnce(last)) !== 'pending'; count++) {
      last = server.readInto(Buffer.alloc(1));
    }
    expect(await atOnce(last)).toBe('pending');
    reactor.close();
    expect(await codeOf(last)).toBe('ERR_CLOSED');
  });

  it('refuses a time that is none before it changes anything', async () => {
    const { client, server } = await open();
    expect(await codeOf(server.close({ timeoutMs: -1 }))).toBe('ERR_OUT_OF_RANGE');
    await client.write('x');
    expect(String(await server.read())).toBe('x');
  });

  it('does not take memory that is transferred meanwhile for the end', async () => {
    const { client, server } = await open();
    const memory = new ArrayBuffer(8);
    const reading = codeOf(server.readInto(new Uint8Array(memory)));
    structuredClone(memory, { transfer: [memory] });
    await client.write('x');
    expect(await reading).toMatch(/^ERR_(OUT_OF_RANGE|INVALID_ARG)/);
    expect(String(await server.read())).toBe('x');
  });

  it('does not spin when the peer has reset and nothing is read', async () => {
    const { client, server, reactor } = await open();
    await client.write('x');
    await server.read();
    setLinger(client.fd);
    client.destroy();
    for (let pass = 0; pass < 20; pass++) await new Promise(setImmediate);
    const before = reactor.stats.turns;
    await sleep(50, { reactor });
    expect(reactor.stats.turns - before).toBeLessThan(20);
    expect(await codeOf(server.read())).toBe('ECONNRESET');
  });

  itUncut('what waits for the close lets a reader have what came before a reset', async () => {
    const { client, server } = await open();
    await client.write('last words');
    setLinger(client.fd);
    client.destroy();
    const { closed } = server;
    expect(String(await server.readExactly(4))).toBe('last');
    expect([server.isClosed, await atOnce(closed)]).toEqual([false, 'pending']);
    expect(String(await server.readExactly(6))).toBe(' words');
    await closed;
    expect(await codeOf(server.read())).toBe('ECONNRESET');
  });
});

describe('between two steps', () => {
  const descriptors = useDescriptors();

  it('a datagram goes to the next receiver when the first one is aborted', async () => {
    const reactor = descriptors.using(new Reactor()); // turned by hand
    await using socket = bind({ host: HOST, reactor });
    const abort = new AbortController();
    const first = codeOf(socket.receive({ signal: abort.signal }));
    const second = socket.receive();
    socket.send('one', socket.address);
    while (socket.raw.stats.messagesReceived === 0) reactor.turn(-1);
    abort.abort(STOP);
    expect(await first).toBe('STOP');
    expect(String((await second).bytes)).toBe('one');
  });

  it('a connect that is aborted rejects with the reason, whatever that is', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    for (const reason of [null, 'stop', 0]) {
      const abort = new AbortController();
      const { signal } = abort;
      const connecting = connect({ host: HOST, port: 1, reactor, signal });
      abort.abort(reason);
      expect(await connecting.catch((error: unknown) => [error])).toEqual([reason]);
    }
  });

  it('an abort rejects although the descriptor was closed behind it', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const [a] = descriptors.socketpair();
    while (sys.send(a, Buffer.alloc(65_536)) > 0); // a full socket is not writable
    const abort = new AbortController();
    const reading = codeOf(readable(a, { reactor, signal: abort.signal }));
    const writing = codeOf(writable(a, { reactor }));
    await new Promise(setImmediate);
    descriptors.close(a);
    abort.abort(STOP);
    expect([await reading, await writing]).toEqual(['STOP', 'EBADF']);
    expect(reactor.registrationOf(a)).toBeUndefined();
  });
});

describe('signals of the caller that awaits', () => {
  const descriptors = useDescriptors();
  const attached = () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  };

  it('are refused when they are none, before anything is begun', async () => {
    const reactor = attached();
    const { server } = await openPair(descriptors);
    const wrong = { reactor, signal: 5 as never };
    await using socket = bind({ host: HOST, reactor });
    const refused = [
      server.read(wrong),
      server.end('x', wrong),
      socket.receive(wrong),
      sleep(1, wrong),
      timeout(1, 1, wrong),
      interval(1, wrong).next(),
      readable(server.fd, wrong),
    ];
    const codes = await Promise.all(refused.map(codeOf));
    expect(codes).toEqual(refused.map(() => 'ERR_INVALID_ARG_TYPE'));
    expect(() => signals('SIGUSR2', wrong)).toThrow(TypeError);
  });

  it('keep no listener behind an operation', async () => {
    const reactor = attached();
    const { signal } = new AbortController();
    await sleep(1, { reactor, signal });
    await timeout(1, 1000, { reactor, signal });
    const deliveries = signals('SIGUSR2', { reactor, signal });
    await deliveries.return();
    await using socket = bind({ host: HOST, reactor });
    const receiving = socket.receive({ signal });
    await socket.send('x', { address: HOST, port: socket.port });
    await receiving;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('give a signal of the process back although nothing was ever asked of it', async () => {
    const reactor = attached();
    const close = vi.fn();
    vi.spyOn(reactor, 'onSignal').mockReturnValue({ close } as never);
    const deliveries = signals('SIGUSR2', { reactor });
    expect(close).not.toHaveBeenCalled();
    await deliveries.return();
    expect(close).toHaveBeenCalledOnce();
  });

  it('leave no unhandled rejection when a limit is refused', async () => {
    const reactor = attached();
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const later = () => Promise.resolve().then(() => Promise.reject(new Error('later')));
    expect(await codeOf(timeout(later(), -1, { reactor }))).toBe('ERR_OUT_OF_RANGE');
    const options = { reactor, signal: AbortSignal.abort(STOP) };
    expect(await codeOf(timeout(later(), 10, options))).toBe('STOP');
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
