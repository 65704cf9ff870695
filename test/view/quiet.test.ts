// Correct programs: nothing is found in them. Each is traced with its calls, some of them in the middle,
// with bytes left that they have good reasons to leave.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  connect as connectNet,
  Interest,
  isBytes,
  listen,
  Reactor,
  relay,
} from '../../src/index.ts';
import { listen as listenPromises } from '../../src/promises/index.ts';
import * as sys from '../../src/sys/index.ts';
import { decodeTrace, type Trace, type TraceData } from '../../src/trace/index.ts';
import { modelOf } from '../../src/view/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { ExampleProcess, receive } from '../helpers/example-process.ts';

const HOST = '127.0.0.1';
const MESSAGE = Buffer.alloc(4 << 20, 'edgewise ');
const TRIGGERS = ['level', 'edge'] as const;
const descriptors = useDescriptors();
let reactor: Reactor;
let trace: Trace;
beforeEach(() => {
  reactor = descriptors.using(new Reactor());
  trace = reactor.trace({ level: 'calls', capacity: 1 << 18 });
});

// How long a handler takes is a matter of the machine, on which other tests run.
function findingsIn(data: TraceData): string[] {
  const { streams } = modelOf(data);
  const found = streams.flatMap(({ findings }) => findings);
  return found
    .filter(({ code }) => code !== 'SLOW_HANDLER')
    .map(({ code, what }) => `${code}: ${what}`);
}

function peerOf(port: number): Socket {
  const peer = connect({ host: HOST, port, allowHalfOpen: true });
  peer.on('error', () => undefined); // `receive` throws it
  descriptors.using({ close: () => peer.destroy() });
  return peer;
}

describe.each(TRIGGERS)('the net layer, %s', (trigger) => {
  it('echoes, and reads nothing while its client does not', async () => {
    reactor.attach();
    const listener = listen({
      host: HOST,
      trigger,
      reactor,
      handlers: {
        data: (connection, bytes) => void (connection.write(bytes) || connection.pause()),
        drain: (connection) => connection.resume(),
      },
    });
    const peer = peerOf(listener.port);
    peer.end(MESSAGE);
    await once(peer, 'readable');
    expect(findingsIn(trace.snapshot())).toEqual([]);
    expect((await receive(peer)).equals(MESSAGE)).toBe(true);
    expect(findingsIn(trace.snapshot())).toEqual([]);
    reactor.close();
    expect(findingsIn(trace.snapshot())).toEqual([]);
  });

  it('pauses for good, and bytes wait', async () => {
    reactor.attach();
    const paused = new Promise<void>((resolve) => {
      const data = (connection: { pause(): void }) => {
        connection.pause();
        reactor.setTimeout(resolve, 1); // a whole wait later
      };
      const listener = listen({ host: HOST, trigger, reactor, handlers: { data } });
      peerOf(listener.port).write(MESSAGE);
    });
    await paused;
    expect(findingsIn(trace.snapshot())).toEqual([]);
  });

  it('relays to a client that reads late', async () => {
    reactor.attach();
    const target = listen({
      host: HOST,
      trigger,
      reactor,
      handlers: {
        data: (connection, bytes) => void (connection.write(bytes) || connection.pause()),
        drain: (connection) => connection.resume(),
      },
    });
    const listener = listen({
      host: HOST,
      trigger,
      reactor,
      handlers: {
        open: (connection) => {
          connection.pause(); // its bytes wait in the kernel until the target is connected
          connectNet({
            host: HOST,
            port: target.port,
            trigger,
            reactor,
            handlers: { open: (other) => void relay(connection, other) },
          });
        },
      },
    });
    const peer = peerOf(listener.port);
    peer.end(MESSAGE);
    await once(peer, 'readable');
    expect(findingsIn(trace.snapshot())).toEqual([]);
    expect((await receive(peer)).equals(MESSAGE)).toBe(true);
    expect(findingsIn(trace.snapshot())).toEqual([]);
  });
});

describe.each(TRIGGERS)('promises, %s', (trigger) => {
  it('read when they are asked to, and leave the rest in the kernel', async () => {
    reactor.attach();
    const listener = listenPromises({ host: HOST, trigger, reactor });
    const peer = peerOf(listener.port);
    peer.write(MESSAGE);
    const connection = await listener.accept();
    for (let i = 0; i < 3; i++) {
      expect((await connection.readExactly(1000)).length).toBe(1000);
      await new Promise(setImmediate);
      expect(findingsIn(trace.snapshot())).toEqual([]);
    }
    for (let left = MESSAGE.length - 3000; left > 0; ) {
      left -= (await connection.read())?.length ?? left;
      expect(left).toBeGreaterThanOrEqual(0);
    }
    expect(findingsIn(trace.snapshot())).toEqual([]);
  });
});

describe('a handler of its own', () => {
  const bytes = new Uint8Array(16);
  const send = (fd: number, length: number) =>
    expect(sys.send(fd, new Uint8Array(length))).toBe(length);

  it('by registerEdge: charges, re-queues and pauses', () => {
    const [a, b] = descriptors.socketpair();
    const registration = reactor.registerEdge(b, Interest.Readable, {
      onReady(edge) {
        const count = edge.recv(bytes);
        if (!isBytes(count)) return edge.settled(count);
        return edge.charge(count) ?? edge.requeued();
      },
    });
    send(a, 3000);
    for (let i = 0; i < 100; i++) reactor.turn(0);
    registration.setInterest(Interest.None);
    send(a, 3000);
    reactor.turn(0);
    registration.setInterest(Interest.Readable);
    while (reactor.turn(0) > 0 || sys.recv(b, bytes) > 0);
    expect(findingsIn(trace.snapshot())).toEqual([]);
  });

  it('by the edge trigger: remembers that it has left something, and reads it later', () => {
    const [a, b] = descriptors.socketpair();
    reactor.register(
      b,
      Interest.Readable,
      { onReady: () => void sys.recv(b, bytes) },
      { trigger: 'edge' },
    );
    send(a, 32);
    for (let i = 0; i < 3; i++) reactor.turn(0);
    expect(sys.recv(b, bytes)).toBe(16);
    expect(sys.recv(b, bytes)).toBe(sys.WOULD_BLOCK);
    reactor.turn(0);
    expect(findingsIn(trace.snapshot())).toEqual([]);
  });

  it('by edge-oneshot: reads once, and re-arms', () => {
    const [a, b] = descriptors.socketpair();
    const registration = reactor.register(
      b,
      Interest.Readable,
      {
        onReady: () => {
          if (sys.recv(b, bytes) > 0) registration.rearm();
        },
      },
      { trigger: 'edge-oneshot' },
    );
    send(a, 32);
    for (let i = 0; i < 4; i++) reactor.turn(0);
    expect(findingsIn(trace.snapshot())).toEqual([]);
  });

  it('by the level trigger: has room, and moves bytes of others when it has', () => {
    const [a, b] = descriptors.socketpair();
    const onReady = () => void sys.send(b, bytes);
    reactor.register(a, Interest.Writable, { onReady });
    let count = 0;
    for (let i = 0; i < 20; i++) count += reactor.turn(0);
    expect(count).toBe(20);
    expect(findingsIn(trace.snapshot())).toEqual([]);
  });
});

describe('our examples', () => {
  let folder: string;
  const running: ExampleProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'quiet-'));
  });
  afterEach(() => {
    for (const example of running.splice(0)) example.kill();
    rmSync(folder, { recursive: true });
  });

  it.each([
    'echo',
    'chat',
    'discard',
    'discard-edge',
    'echo/handlers',
    'echo/promises',
    'echo/net',
  ])('%s', async (name) => {
    const path = join(folder, 'trace');
    process.env.EDGEWISE_TRACE = `${path},calls`;
    const example = new ExampleProcess(name, ['0']);
    delete process.env.EDGEWISE_TRACE;
    running.push(example);
    const clients = [await example.connect(), await example.connect()];
    for (const client of clients) client.on('error', () => undefined);
    const [first, second] = clients as [Socket, Socket];
    first.write('hello');
    second.end(Buffer.alloc(300_000, 'edgewise '));
    await receive(second);
    first.end();
    await receive(first);
    await example.end();
    expect(findingsIn(decodeTrace(readFileSync(path)))).toEqual([]);
  });
});
