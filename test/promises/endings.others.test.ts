// What else of edgewise/promises waits, and every way in which it can end: listeners, datagram sockets,
// connections that are being made, descriptors, and time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import { connect } from '../../src/promises/connect.ts';
import { bind, type DatagramSocket } from '../../src/promises/datagram.ts';
import { readable, writable } from '../../src/promises/descriptor.ts';
import { type Listener, listen } from '../../src/promises/listener.ts';
import { signal as signals } from '../../src/promises/signal.ts';
import { interval, sleep, timeout } from '../../src/promises/timing.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { type Descriptors, must, useDescriptors } from '../helpers/descriptors.ts';
import { type Ending, Mine, Stop, testEndings } from '../helpers/endings.ts';
import { inject } from '../helpers/injection.ts';
import { atOnce, HOST } from './pair.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
const LATE_MS = 60_000;
const descriptors = useDescriptors();

function attached(): Reactor {
  const reactor = descriptors.using(new Reactor());
  reactor.attach();
  return reactor;
}

/** Of two calls that wait, the second is looked at: both end. */
function second(call: () => Promise<unknown>): Promise<unknown> {
  call().catch(() => undefined);
  return call();
}

interface Listening {
  readonly reactor: Reactor;
  readonly abort: AbortController;
  readonly listener: Listener;
}

describe('a listener', () => {
  const closed = {
    close: 'ERR_CLOSED',
    destroy: 'ERR_CLOSED',
    'destroy(error)': 'ERR_CLOSED',
    dispose: 'ERR_CLOSED',
    'signal of the listener': 'ERR_CLOSED',
    'the reactor is closed': 'ERR_CLOSED',
    'accept fails': 'EBADF',
  };
  testEndings<Listening, keyof typeof closed | 'signal of the operation'>({
    open: () => {
      const reactor = attached();
      const abort = new AbortController();
      return { reactor, abort, listener: listen({ host: HOST, reactor, signal: abort.signal }) };
    },
    endings: {
      close: ({ listener }) => listener.close(),
      destroy: ({ listener }) => listener.destroy(),
      'destroy(error)': ({ listener }) => listener.destroy(new Mine()),
      dispose: ({ listener }) => listener[Symbol.dispose](),
      'signal of the operation': (_subject, own) => own.abort(new Stop()),
      'signal of the listener': ({ abort }) => abort.abort(new Stop()),
      'the reactor is closed': ({ reactor }) => reactor.close(),
      'accept fails': ({ listener, reactor }) => {
        inject('accept', 'EBADF');
        connect({ host: HOST, port: listener.port, reactor }).catch(() => undefined);
      },
    },
    waits: {
      accept: {
        begin: ({ listener }, signal) => second(() => listener.accept({ signal })),
        outcomes: { ...closed, 'signal of the operation': 'STOP' },
      },
      'for await': {
        begin: ({ listener }) => listener[Symbol.asyncIterator]().next(),
        outcomes: {
          ...Object.fromEntries(Object.keys(closed).map((name) => [name, '{"done":true}'])),
          'accept fails': 'EBADF',
        },
      },
    },
  });
});

interface Bound {
  readonly reactor: Reactor;
  readonly abort: AbortController;
  readonly socket: DatagramSocket;
  /** Reads nothing: what is sent to it is soon queued. */
  readonly full: DatagramSocket;
}

async function fill({ socket, full }: Bound): Promise<void> {
  let sending = socket.send('x', full.address);
  while ((await atOnce(sending)) !== 'pending') sending = socket.send('x', full.address);
  sending.catch(() => undefined);
}

describe('a datagram socket', () => {
  const closed = {
    'close(0)': 'ERR_CLOSED',
    close: 'ERR_CLOSED',
    destroy: 'ERR_CLOSED',
    'destroy(error)': 'ERR_CLOSED',
    dispose: 'ERR_CLOSED',
    'signal of the socket': 'ERR_CLOSED',
    'the reactor is closed': 'ERR_CLOSED',
  };
  type Fault = 'recv fails' | 'send fails' | 'the peer closes';
  testEndings<Bound, keyof typeof closed | 'signal of the operation' | Fault>({
    open: () => {
      const folder = mkdtempSync(join(tmpdir(), 'edgewise-endings-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const reactor = attached();
      const abort = new AbortController();
      const full = bind({ path: join(folder, 'full'), reactor });
      full.raw.pause();
      const { signal } = abort;
      const path = join(folder, 'socket');
      return { reactor, abort, full, socket: bind({ path, reactor, signal, queueBytesMax: 700 }) };
    },
    endings: {
      'close(0)': ({ socket }) => socket.close({ timeoutMs: 0 }),
      close: ({ socket }) => socket.close({ timeoutMs: 20 }),
      destroy: ({ socket }) => socket.destroy(),
      'destroy(error)': ({ socket }) => socket.destroy(new Mine()),
      dispose: ({ socket }) => socket[Symbol.dispose](),
      'signal of the operation': (_subject, own) => own.abort(new Stop()),
      'signal of the socket': ({ abort }) => abort.abort(new Stop()),
      'the reactor is closed': ({ reactor }) => reactor.close(),
      'recv fails': ({ socket, full }) => {
        inject('recv', 'EIO');
        return full.send('x', socket.address);
      },
      'send fails': ({ full }) => {
        inject('send', 'EIO', { times: Number.POSITIVE_INFINITY });
        full.raw.resume();
      },
      'the peer closes': ({ full }) => full.close(),
    },
    waits: {
      receive: {
        begin: ({ socket }, signal) => socket.receive({ signal }),
        outcomes: { ...closed, 'signal of the operation': 'STOP', 'recv fails': 'EIO' },
      },
      'for await': {
        begin: ({ socket }) => socket[Symbol.asyncIterator]().next(),
        outcomes: {
          ...Object.fromEntries(Object.keys(closed).map((name) => [name, '{"done":true}'])),
          'recv fails': 'EIO',
        },
      },
      'send that is queued': {
        begin: async (subject, signal) => {
          await fill(subject);
          return subject.socket.send('y', subject.full.address, { signal });
        },
        outcomes: {
          ...closed,
          'signal of the operation': 'STOP',
          'send fails': 'EIO',
          'the peer closes': 'ECONNREFUSED',
        },
      },
      'send that waits for room': {
        begin: async (subject, signal) => {
          await fill(subject);
          const { socket, full } = subject;
          socket.send('x'.repeat(600), full.address).catch(() => undefined);
          return second(() => socket.send('y'.repeat(600), full.address, { signal }));
        },
        outcomes: {
          ...closed,
          'signal of the operation': 'STOP',
          'send fails': 'EIO',
          'the peer closes': 'ECONNREFUSED',
        },
      },
      close: {
        begin: async (subject) => {
          await fill(subject);
          return subject.socket.close({ timeoutMs: LATE_MS });
        },
        outcomes: {
          ...Object.fromEntries(Object.keys(closed).map((name) => [name, 'undefined'])),
          'send fails': 'undefined',
          'the peer closes': 'undefined',
        },
      },
    },
  });
});

interface Connecting {
  readonly reactor: Reactor;
  readonly port: number;
  readonly timeoutMs: number;
}

// A listener with a full queue answers nothing.
function silentPort(): number {
  const { fd, address } = descriptors.listener();
  must(sys.listen(fd, 0));
  for (let count = 0; count < 2; count++) {
    const client = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
    sys.connect(client, address); // EINPROGRESS
  }
  return address.port as number;
}

describe('connect', () => {
  testEndings<Connecting, 'signal' | 'the reactor is closed' | 'its limit'>({
    open: (ending) => {
      const timeoutMs = ending === 'its limit' ? 500 : LATE_MS;
      return { reactor: attached(), port: silentPort(), timeoutMs };
    },
    endings: {
      signal: (_subject, own) => own.abort(new Stop()),
      'the reactor is closed': ({ reactor }) => reactor.close(),
      'its limit': () => undefined,
    },
    waits: {
      connect: {
        begin: (subject, signal) => connect({ host: HOST, ...subject, signal }),
        outcomes: {
          signal: 'STOP',
          'the reactor is closed': 'ERR_CLOSED',
          'its limit': 'ETIMEDOUT',
        },
      },
    },
  });
});

interface Ends {
  readonly reactor: Reactor;
  readonly fds: ReturnType<Descriptors['socketpair']>;
}

function fillEnd(fd: number): number {
  while (sys.write(fd, Buffer.alloc(65_536)) > 0);
  return fd;
}

describe('a descriptor', () => {
  const outcomes = {
    signal: 'STOP',
    'the reactor is closed': 'ERR_CLOSED',
    'the peer closes': 'ready',
  };
  testEndings<Ends, keyof typeof outcomes>({
    open: () => ({ reactor: attached(), fds: descriptors.socketpair() }),
    endings: {
      signal: (_subject, own) => own.abort(new Stop()),
      'the reactor is closed': ({ reactor }) => reactor.close(),
      'the peer closes': ({ fds }) => descriptors.close(fds[1]),
    },
    waits: {
      readable: {
        begin: ({ reactor, fds: [fd] }, signal) =>
          readable(fd, { reactor, signal }).then(() => 'ready'),
        outcomes,
      },
      writable: {
        begin: ({ reactor, fds: [fd] }, signal) =>
          writable(fillEnd(fd), { reactor, signal }).then(() => 'ready'),
        outcomes,
      },
    },
  });
});

describe('time', () => {
  testEndings<Reactor, 'signal' | 'the reactor is closed'>({
    open: attached,
    endings: {
      signal: (_subject, own) => own.abort(new Stop()),
      'the reactor is closed': (reactor) => reactor.close(),
    } satisfies Record<string, Ending<Reactor>>,
    waits: Object.fromEntries(
      Object.entries({
        sleep: (reactor: Reactor, signal: AbortSignal) => sleep(LATE_MS, { reactor, signal }),
        timeout: (reactor: Reactor, signal: AbortSignal) =>
          timeout(new Promise(() => undefined), LATE_MS, { reactor, signal }),
        interval: (reactor: Reactor, signal: AbortSignal) =>
          interval(LATE_MS, { reactor, signal }).next(),
        signal: (reactor: Reactor, signal: AbortSignal) =>
          signals('SIGUSR2', { reactor, signal }).next(),
      }).map(([name, begin]) => {
        return [
          name,
          { begin, outcomes: { signal: 'STOP', 'the reactor is closed': 'ERR_CLOSED' } },
        ];
      }),
    ),
  });
});
