// `new Reactor({ lint: true })`: it names the mistakes of handlers, and nothing else.
import { once } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { type ConnectOptions, connect } from '../../../src/net/connect/connect.ts';
import type { ConnectionHandlers } from '../../../src/net/connection/handlers.ts';
import { bindDatagram } from '../../../src/net/datagram/bind.ts';
import type { DatagramOptions } from '../../../src/net/datagram/options.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import type { ListenOptions } from '../../../src/net/listen/listener.ts';
import { openReader, type ReaderOptions } from '../../../src/pipe/index.ts';
import { Interest } from '../../../src/poller/interest.ts';
import type { ReactorOptions } from '../../../src/reactor/options.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { drain, Reader, Recorder, send, turnIdly } from '../../helpers/handlers.ts';
import { eachBackend, eachTrigger } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();
const { Readable, Writable } = Interest;
const SPINS = 1500;

interface Finding extends Error {
  readonly code?: string;
}

let findings: string[] = [];
const onWarning = (warning: Finding) => {
  if (warning.name === 'EdgewiseLint') findings.push(`${warning.code}`);
};
beforeEach(() => {
  findings = [];
  process.on('warning', onWarning);
});
afterEach(() => {
  process.off('warning', onWarning);
});

/** Warnings are emitted by a nextTick. */
async function found(): Promise<string[]> {
  await nextLoopPass();
  return findings;
}

it('names options and handlers that no one reads, with the nearest name', async () => {
  const reactor = descriptors.using(new Reactor({ lint: true, capcity: 5 } as ReactorOptions));
  const sentences: string[] = [];
  const note = (warning: Finding) => void sentences.push(warning.message);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const [ours, theirs] = descriptors.socketpair();
  reactor.register(ours, Readable, new Recorder(), { triger: 'edge' } as object).close();
  const handlers = { onData: () => undefined, handles: 7 } as ConnectionHandlers;
  const listener = listen({ reactor, handlers, prot: 0, host: '127.0.0.1' } as ListenOptions);
  connect({ reactor, handlers: {}, port: 1, timeout: 5 } as ConnectOptions).destroy();
  bindDatagram({ reactor, handlers: {}, adress: 5 } as object as DatagramOptions).destroy();
  const reading = { reactor, handlers: { onReadable: () => undefined }, borow: true } as object;
  openReader(descriptors.release(theirs), reading as ReaderOptions).destroy();
  turnIdly(reactor);
  listener.close();
  expect(new Set(await found())).toEqual(new Set(['EDGEWISE_UNKNOWN']));
  expect(sentences).toEqual([
    'new Reactor has no "capcity"; is "capacity" meant?',
    'register has no "triger"; is "trigger" meant?',
    'handlers has no "onData"; is "data" meant?',
    'listen has no "prot"; is "port" meant?',
    'connect has no "timeout"; is "timeoutMs" meant?',
    expect.stringContaining('bindDatagram has no "adress"; '),
    'openReader has no "borow"; is "borrow" meant?',
    'handlers has no "onReadable"; known: data, end, close',
  ]);
});

it('names an edge trigger on a descriptor that blocks', async () => {
  const reactor = descriptors.using(new Reactor({ lint: true }));
  const [ours] = descriptors.socketpair();
  must(sys.fcntl(ours, sys.constants.F_SETFL, 0));
  const registration = reactor.register(ours, Readable, new Recorder());
  expect(await found()).toEqual([]);
  registration.close();
  reactor.register(ours, Readable, new Recorder(), { trigger: 'edge' });
  expect(await found()).toEqual(['EDGEWISE_BLOCKING']);
});

eachBackend((backend) => {
  const make = () => descriptors.using(new Reactor({ backend, lint: true }));

  it('names an edge reader that stops early while the peer is silent', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const mutant = new Recorder(
      (_readiness, { fd }) => void must(sys.read(fd, Buffer.alloc(1024))),
    );
    reactor.register(ours, Readable, mutant, { trigger: 'edge' });
    send(theirs, Buffer.alloc(64 * 1024));
    turnIdly(reactor, 10);
    expect(await found()).toEqual(['EDGEWISE_UNDRAINED']); // once per registration
  });

  it('names it as well when the turns block', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    reactor.register(ours, Readable, new Recorder(), { trigger: 'edge' });
    send(theirs, 'x');
    reactor.turn(-1);
    reactor.turn(20);
    expect(await found()).toEqual(['EDGEWISE_UNDRAINED']);
  });

  it('is content with a reader that drains and is called anew each time', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const proper = new Recorder((_readiness, { fd }) => {
      drain(fd);
      if (proper.count < 5) send(theirs, 'x'); // behind would-block: an edge is on its way
    });
    reactor.register(ours, Readable, proper, { trigger: 'edge' });
    send(theirs, 'x');
    turnIdly(reactor, 10);
    expect(proper.count).toBe(5);
    expect(await found()).toEqual([]);
  });

  it('judges no handler by a batch that had no room for all', async () => {
    const reactor = descriptors.using(new Reactor({ backend, lint: true, capacity: 4 }));
    const waker = reactor.createWaker(() => undefined);
    const [ours, theirs] = descriptors.socketpair();
    const proper = new Recorder((_readiness, { fd }) => {
      drain(fd);
      if (proper.count > 1) return;
      waker.wake(); // takes a place of the next batch, and is no record of it
      send(theirs, 'x');
    });
    reactor.register(ours, Readable, proper, { trigger: 'edge' });
    for (let i = 0; i < 3; i++) {
      reactor.register(descriptors.socketpair()[0], Writable, new Recorder());
    }
    send(theirs, 'x');
    turnIdly(reactor, 10);
    expect(proper.count).toBe(2);
    expect(await found()).toEqual([]);
  });

  it('is content with a reader that re-queues itself, or is charged', async () => {
    const reactor = make();
    for (const stop of ['requeue', 'charge']) {
      const [ours, theirs] = descriptors.socketpair();
      const proper = new Recorder((_readiness, registration) => {
        if (sys.read(registration.fd, Buffer.alloc(1024)) <= 0) return;
        if (stop === 'requeue') registration.requeue();
        else while (registration.charge(1024 * 1024));
      });
      reactor.register(ours, Readable, proper, { trigger: 'edge' });
      send(theirs, Buffer.alloc(16 * 1024));
      turnIdly(reactor, 30);
      expect(drain(ours).text).toBe('');
    }
    expect(await found()).toEqual([]);
  });
}, 'edge');

eachTrigger((backend, trigger) => {
  const make = () => descriptors.using(new Reactor({ backend, lint: true }));

  it('is content with a reader that drains', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const reader = new Reader();
    reactor.register(ours, Readable, reader, { trigger });
    for (let i = 0; i < 10; i++) {
      send(theirs, 'x');
      reactor.turn(0);
    }
    expect(reader.text).toBe('x'.repeat(10));
    descriptors.close(theirs);
    turnIdly(reactor, 3);
    expect(await found()).toEqual([]);
  });

  it('names write interest that is armed for nothing, which only level reports', async () => {
    const reactor = make();
    const mutant = new Recorder();
    reactor.register(descriptors.socketpair()[0], Writable, mutant, { trigger });
    for (let i = 0; i < SPINS; i++) reactor.turn(0);
    expect(await found()).toEqual(trigger === 'level' ? ['EDGEWISE_SPINNING'] : []);
  });

  it('is content with a writer that has something to write', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    const writer = new Recorder((_readiness, registration) => {
      registration.charge(must(sys.write(registration.fd, Buffer.from('x'))));
    }, true);
    reactor.register(ours, Writable, writer, { trigger });
    for (let i = 0; i < SPINS; i++) {
      reactor.turn(0);
      drain(theirs);
    }
    expect(await found()).toEqual([]);
  });

  it('names two numbers of one open file', async () => {
    const reactor = make();
    const [ours, theirs] = descriptors.socketpair();
    reactor.register(ours, Readable, new Recorder(), { trigger });
    reactor.register(theirs, Readable, new Recorder(), { trigger });
    expect(await found()).toEqual([]);
    reactor.register(descriptors.dup(ours), Readable, new Recorder());
    expect(await found()).toEqual(['EDGEWISE_DUPLICATE']);
  });
});

it('says which descriptor it is about', async () => {
  const reactor = descriptors.using(new Reactor({ lint: true }));
  const [ours] = descriptors.socketpair();
  reactor.register(ours, Readable, new Recorder());
  const copy = descriptors.dup(ours);
  reactor.register(copy, Readable, new Recorder());
  const [warning] = await once(process, 'warning');
  expect(warning.message).toContain(`fd ${copy} is the same open file as fd ${ours}`);
});

it('lint does not break the batch of a handler that closes its descriptor', () => {
  const reactor = descriptors.using(new Reactor({ lint: true }));
  const [reader, writer] = descriptors.socketpair();
  const onReady = () => descriptors.close(reader);
  reactor.register(reader, Interest.Readable, { onReady }, { trigger: 'edge' });
  send(writer, 'x');
  reactor.turn(0);
  let isDeferred = false;
  reactor.defer(() => {
    isDeferred = true;
  });
  reactor.turn(0);
  expect(isDeferred).toBe(true);
});
