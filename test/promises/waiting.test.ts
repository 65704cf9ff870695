// Everything else that can be awaited: descriptors, time, datagrams.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Readiness } from '../../src/poller/interest.ts';
import { bind } from '../../src/promises/datagram.ts';
import { readable, writable } from '../../src/promises/descriptor.ts';
import { signal } from '../../src/promises/signal.ts';
import { interval, sleep, timeout } from '../../src/promises/timing.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { atOnce, codeOf, HOST } from './pair.ts';

const descriptors = useDescriptors();

function attached(): Reactor {
  const reactor = descriptors.using(new Reactor());
  reactor.attach();
  return reactor;
}

const EVERYONE = { address: '255.255.255.255', port: 9 }; // not without SO_BROADCAST

const reasonOf = (name: string) => Object.assign(new Error(name), { code: name });

describe('readable and writable', () => {
  it('wait for either direction of one descriptor, and leave no registration', async () => {
    const reactor = attached();
    const [a, b] = descriptors.socketpair();
    const reading = readable(a, { reactor });
    expect((await writable(a, { reactor })) & Readiness.Writable).toBeTruthy();
    sys.send(b, Buffer.from('x'));
    expect((await reading) & Readiness.Readable).toBeTruthy();
    expect(reactor.registrationOf(a)).toBeUndefined();
  });

  it('leave no registration when they are aborted', async () => {
    const reactor = attached();
    const [a] = descriptors.socketpair();
    const abort = new AbortController();
    const waiting = codeOf(readable(a, { reactor, signal: abort.signal }));
    expect(await codeOf(readable(a, { reactor }))).toBe('ERR_WAIT_IN_PROGRESS');
    abort.abort(reasonOf('STOP'));
    expect(await waiting).toBe('STOP');
    expect(reactor.registrationOf(a)).toBeUndefined();
  });

  it('refuse a second one for the same, in each direction', async () => {
    const reactor = attached();
    const [a] = descriptors.socketpair();
    const abort = new AbortController();
    // Nothing is read: a full socket is not writable either.
    while (sys.send(a, Buffer.alloc(65_536)) > 0);
    const first = [readable, writable].map((wait) =>
      codeOf(wait(a, { reactor, signal: abort.signal })),
    );
    for (const wait of [readable, writable]) {
      expect(await codeOf(wait(a, { reactor }))).toBe('ERR_WAIT_IN_PROGRESS');
    }
    abort.abort(reasonOf('STOP')); // what waited first goes on until then
    expect(await Promise.all(first)).toEqual(['STOP', 'STOP']);
    expect(reactor.registrationOf(a)).toBeUndefined();
  });

  it('end with a hang-up, and with the reactor', async () => {
    const reactor = attached();
    const [a, b] = descriptors.socketpair();
    const [c] = descriptors.socketpair();
    const hungUp = readable(a, { reactor });
    descriptors.close(b);
    expect((await hungUp) & Readiness.ReadClosed).toBeTruthy();
    const lost = codeOf(readable(c, { reactor }));
    reactor.close();
    expect(await lost).toBe('ERR_CLOSED');
  });

  it('refuse what cannot be waited for', async () => {
    const reactor = attached();
    const [a, b] = descriptors.socketpair();
    descriptors.close(a, b);
    expect(await codeOf(readable(a, { reactor }))).toBe('EBADF');
    expect(await codeOf(readable(-1, { reactor }))).toBe('ERR_OUT_OF_RANGE');
  });
});

describe('time', () => {
  it('sleep, timeout and interval are on the reactor, and end with their signal', async () => {
    const reactor = attached();
    await sleep(1, { reactor });
    expect(await timeout(Promise.resolve(5), 10_000, { reactor })).toBe(5);
    expect(await codeOf(timeout(new Promise(() => undefined), 1, { reactor }))).toBe('ERR_TIMEOUT');
    let ticks = 0;
    for await (const count of interval(1, { reactor })) {
      ticks += count;
      if (ticks >= 3) break;
    }
    const abort = new AbortController();
    const { signal: aborted } = abort;
    const waiting = [
      codeOf(sleep(60_000, { reactor, signal: aborted })),
      codeOf(timeout(new Promise(() => undefined), 60_000, { reactor, signal: aborted })),
      codeOf(interval(60_000, { reactor, signal: aborted }).next()),
    ];
    abort.abort(reasonOf('STOP'));
    expect(await Promise.all(waiting)).toEqual(['STOP', 'STOP', 'STOP']);
  });

  it('does not hang when the reactor is closed', async () => {
    const reactor = attached();
    const waiting = [
      codeOf(sleep(60_000, { reactor })),
      codeOf(timeout(new Promise(() => undefined), 60_000, { reactor })),
      codeOf(interval(60_000, { reactor }).next()),
      codeOf(signal('SIGUSR2', { reactor }).next()),
    ];
    reactor.close();
    expect(await Promise.all(waiting)).toEqual(Array(4).fill('ERR_CLOSED'));
  });
});

describe('datagrams', () => {
  it('go both ways, and an empty one is one', async () => {
    const reactor = attached();
    await using server = bind({ host: HOST, reactor });
    await using client = bind({ host: HOST, reactor });
    await client.send('ping', { address: HOST, port: server.port });
    const first = await server.receive();
    expect([String(first.bytes), first.from.port]).toEqual(['ping', client.port]);
    await server.send('', first.from);
    for await (const { bytes } of client) {
      expect(bytes.length).toBe(0);
      break;
    }
    expect(client.isClosed).toBe(false);
  });

  it('are kept up to a bound, in order', async () => {
    const reactor = attached();
    await using server = bind({ host: HOST, reactor });
    await using client = bind({ host: HOST, reactor });
    for (let i = 0; i < 200; i++) {
      await client.send(String(i), { address: HOST, port: server.port });
    }
    for (let i = 0; i < 200; i++) expect(String((await server.receive()).bytes)).toBe(String(i));
  });

  it('reject a send that the kernel refuses, and a receive that is aborted', async () => {
    const reactor = attached();
    await using socket = bind({ host: HOST, reactor });
    const to = { address: HOST, port: socket.port };
    expect(await codeOf(socket.send(Buffer.alloc(70_000), to))).toBe('EMSGSIZE');
    const abort = new AbortController();
    const waiting = codeOf(socket.receive({ signal: abort.signal }));
    abort.abort(reasonOf('STOP'));
    expect(await waiting).toBe('STOP');
    const closing = codeOf(socket.receive());
    socket.close();
    expect(await closing).toBe('ERR_CLOSED');
    expect(await codeOf(socket.send('x', to))).toBe('ERR_CLOSED');
  });

  it('give each of several sends its own outcome', async () => {
    const reactor = attached();
    await using socket = bind({ host: HOST, reactor });
    const receiving = socket.receive();
    const big = Buffer.alloc(70_000);
    const to = { address: HOST, port: socket.port };
    const sends = [socket.send(big, to), socket.send('x', EVERYONE), socket.send('fine', to)];
    expect(await Promise.all(sends.map(codeOf))).toEqual(['EMSGSIZE', 'EACCES', 'resolved']);
    const many = Array.from({ length: 100 }, () => codeOf(socket.send(big, to)));
    expect(new Set(await Promise.all(many))).toEqual(new Set(['EMSGSIZE']));
    expect(String((await receiving).bytes)).toBe('fine'); // no error of a send
  });

  describe('that wait for room', () => {
    // A socket, and receivers that take nothing until they are resumed.
    function opened(queueBytesMax?: number) {
      const reactor = attached();
      const folder = mkdtempSync(join(tmpdir(), 'edgewise-waiting-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const open = (name: string, options = {}) =>
        descriptors.using(bind({ path: join(folder, name), reactor, ...options }));
      const [first, second] = [open('first'), open('second')];
      first.raw.pause();
      const limit = queueBytesMax === undefined ? {} : { queueBytesMax };
      return { socket: open('socket', limit), first, second };
    }

    // Sends until the kernel has no room; what becomes of the last one, which waits.
    async function fill(
      send: () => Promise<void>,
    ): Promise<{ readonly outcome: Promise<unknown> }> {
      let sending = send();
      while ((await atOnce(sending)) !== 'pending') sending = send();
      return { outcome: codeOf(sending) };
    }

    it('have their own outcome too', async () => {
      const { socket, first, second } = opened();
      const { outcome } = await fill(() => socket.send('x', first.address));
      const waiting = [outcome];
      waiting.push(codeOf(socket.send('y', first.address)));
      waiting.push(codeOf(socket.send('z', second.address)));
      first.destroy();
      expect(await Promise.all(waiting)).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'resolved']);
      expect(String((await second.receive()).bytes)).toBe('z');
    });

    it('and are aborted leave the outcomes of the others as they are', async () => {
      const { socket, first, second } = opened();
      const abort = new AbortController();
      const before = await fill(() => socket.send('x', first.address));
      const aborted = codeOf(socket.send('y', first.address, { signal: abort.signal }));
      const after = codeOf(socket.send(Buffer.from('z'), second.address));
      abort.abort(reasonOf('STOP'));
      expect(await aborted).toBe('STOP');
      first.destroy();
      expect([await before.outcome, await after]).toEqual(['ECONNREFUSED', 'resolved']);
    });

    it('and are longer than all that may be queued leave as soon as there is room', async () => {
      const { socket, first } = opened(300);
      const long = 'x'.repeat(100);
      const { outcome } = await fill(() => socket.send(long, first.address));
      const count = socket.raw.stats.messagesSent;
      first.raw.resume();
      expect(await outcome).toBe('resolved');
      expect(socket.raw.stats.messagesSent).toBe(count + 1);
    });
  });

  it('report what the network said of an earlier one, once', async () => {
    const reactor = attached();
    const gone = bind({ host: HOST, reactor });
    const { port } = gone;
    gone.close();
    await using socket = bind({ host: HOST, reactor });
    socket.connect({ address: HOST, port });
    await socket.send('x');
    expect(await codeOf(socket.receive())).toBe('ECONNREFUSED');
  });
});
