// Options of the net layer and of what is above it: which cannot be given together, what undefined is, and what
// the compiler says of names that are none. Unknown names at run time: test/reactor/lint/names.test.ts.
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  adoptConnection,
  bindDatagram,
  type Connection,
  type ConnectionHandlers,
  connect,
  type DatagramSocket,
  Interest,
  listen,
  openReader,
  openWriter,
  Reactor,
  relay,
  watchExit,
} from '../../src/index.ts';
import { ReactorPool, type SubReactorModule } from '../../src/multi/index.ts';
import { Proactor } from '../../src/proactor/index.ts';
import * as promises from '../../src/promises/index.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import type { EachGiven } from './recorder.ts';

const HOST = '127.0.0.1';
const handlers = {};
const noop = () => undefined;
const descriptors = useDescriptors();
const reactorOf = () => descriptors.using(new Reactor());

describe('options that contradict each other', () => {
  type Call = (reactor: Reactor) => unknown;
  const PATH = { path: '/nonexistent/socket' };
  const ABSTRACT = { abstract: 'edgewise-none' };
  const pool = { size: 1, module: '/nonexistent/module.mjs' };
  const CASES: readonly [said: string, call: Call][] = [
    ['path, abstract', (reactor) => listen({ reactor, handlers, ...PATH, ...ABSTRACT })],
    ['path, host', (reactor) => listen({ reactor, handlers, ...PATH, host: HOST })],
    ['path, port', (reactor) => listen({ reactor, handlers, ...PATH, port: 0 })],
    ['path, reusePort', (reactor) => listen({ reactor, handlers, ...PATH, reusePort: true })],
    ['abstract, ipv6Only', (reactor) => listen({ reactor, handlers, ...ABSTRACT, ipv6Only: true })],
    ['path, port', (reactor) => connect({ reactor, handlers, ...PATH, port: 1 })],
    ['abstract, host', (reactor) => connect({ reactor, handlers, ...ABSTRACT, host: HOST })],
    ['path, localPort', (reactor) => connect({ reactor, handlers, ...PATH, localPort: 1 })],
    ['path, resolve', (reactor) => connect({ reactor, handlers, ...PATH, resolve: noop })],
    ['path, host', (reactor) => bindDatagram({ reactor, handlers, ...PATH, host: HOST })],
    ['path, gro', (reactor) => bindDatagram({ reactor, handlers, ...PATH, gro: true })],
    [
      'abstract, broadcast',
      (reactor) => bindDatagram({ reactor, handlers, ...ABSTRACT, broadcast: true }),
    ],
    [
      'message, messages',
      (reactor) => bindDatagram({ reactor, handlers: { message: noop, messages: noop } }),
    ],
    [
      'lowWaterMark, highWaterMark',
      (reactor) => listen({ reactor, handlers, highWaterMark: 1, lowWaterMark: 2 }),
    ],
    [
      'borrow, trigger',
      (reactor) =>
        openReader(descriptors.pipe()[0], { reactor, handlers, borrow: true, trigger: 'edge' }),
    ],
    [
      'balance, strategy',
      (reactor) =>
        new ReactorPool({ reactor, ...pool, strategy: 'exclusive', balance: 'source-hash' }),
    ],
    ['steerByCpu, strategy', (reactor) => new ReactorPool({ reactor, ...pool, steerByCpu: true })],
  ];

  it.each(CASES)('%s: a RangeError, and nothing was made', (said, call) => {
    const reactor = reactorOf();
    const message = `"${said.replace(', ', '" and "')}" contradict each other: give one of them`;
    expect(() => call(reactor)).toThrow(RangeError);
    expect(() => call(reactor)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTIONS_CONFLICT', message }),
    );
    expect(reactor.dependents.size).toBe(0);
  });

  it('reject what promises resolve', async () => {
    const conflict = expect.objectContaining({ code: 'ERR_OPTIONS_CONFLICT' });
    await expect(promises.connect({ ...PATH, port: 1 })).rejects.toEqual(conflict);
    expect(() => promises.listen({ ...PATH, port: 1 })).toThrow(conflict);
  });

  it('false and undefined are not given', () => {
    const reactor = reactorOf();
    const off = { port: undefined, host: undefined, reusePort: false, ipv6Only: false };
    expect(() => listen({ reactor, handlers, ...PATH, ...off })).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

describe('undefined', () => {
  /** Every option of `listen` and `connect`, undefined. */
  const COMMON = {
    createData: undefined,
    trigger: undefined,
    highWaterMark: undefined,
    lowWaterMark: undefined,
    queueBytesMax: undefined,
    allowHalfOpen: undefined,
    idleTimeoutMs: undefined,
    keepsAlive: undefined,
    receiveDescriptors: undefined,
    asyncContext: undefined,
    path: undefined,
    abstract: undefined,
    tcp: undefined,
    signal: undefined,
  };

  it('is the default of every option and handler', () => {
    const reactor = reactorOf();
    const none: ConnectionHandlers = { open: undefined, data: undefined, close: undefined };
    const listener = listen({
      ...COMMON,
      reactor,
      handlers: none,
      host: HOST,
      port: undefined,
      backlog: undefined,
      reusePort: undefined,
      ipv6Only: undefined,
      exclusive: undefined,
      onExhaustion: undefined,
      onError: undefined,
    });
    const connection = connect({
      ...COMMON,
      reactor,
      handlers: none,
      host: HOST,
      port: listener.port,
      localAddress: undefined,
      localPort: undefined,
      timeoutMs: undefined,
      attemptDelayMs: undefined,
      resolve: undefined,
    });
    for (let i = 0; i < 100 && listener.connections.size === 0; i++) reactor.turn(100);
    expect(listener.connections.size).toBe(1);
    connection.destroy();
    listener.destroy();
    const [readEnd, writeEnd] = descriptors.pipe();
    const endpoint = {
      reactor,
      handlers,
      data: undefined,
      trigger: undefined,
      asyncContext: undefined,
    };
    openReader(descriptors.release(readEnd), { ...endpoint, borrow: undefined }).destroy();
    const queue = { highWaterMark: undefined, lowWaterMark: undefined, queueBytesMax: undefined };
    openWriter(descriptors.release(writeEnd), { ...endpoint, ...queue }).destroy();
    bindDatagram({ reactor, handlers, host: HOST, batch: undefined, gro: undefined }).destroy();
    new Proactor({ reactor, trigger: undefined, asyncContext: undefined }).close();
    for (let i = 0; i < 3; i++) reactor.turn(0); // each leaves when its `close` was called
    expect(reactor.dependents.size).toBe(0);
  });

  it('of `tcp.noDelay` is the default as well: true', () => {
    const reactor = reactorOf();
    const { IPPROTO_TCP, TCP_NODELAY } = sys.constants;
    const flag = new Int32Array(1);
    const listener = listen({ reactor, handlers, host: HOST, tcp: { noDelay: undefined } });
    sys.getsockopt(listener.fd, IPPROTO_TCP, TCP_NODELAY, flag);
    expect(flag[0]).not.toBe(0);
    listener.destroy();
  });
});

// Never called: what the compiler says is the test.
function misspelt(reactor: Reactor): void {
  // @ts-expect-error it is `port`
  listen({ reactor, handlers, prot: 1 });
  // @ts-expect-error it is `data`
  listen({ reactor, handlers: { dta: noop } });
  // @ts-expect-error it is `noDelay`
  listen({ reactor, handlers, tcp: { nodelay: true } });
  // @ts-expect-error it is `timeoutMs`
  connect({ reactor, handlers, port: 1, timeout: 1 });
  // @ts-expect-error it is `message`
  bindDatagram({ reactor, handlers: { mesage: noop } });
  // @ts-expect-error it is `countMax`
  bindDatagram({ reactor, handlers, batch: { count: 1 } });
  // @ts-expect-error it is `idleTimeoutMs`
  adoptConnection(0, { reactor, handlers, idleTimeout: 1 });
  // @ts-expect-error it is `borrow`
  openReader(0, { reactor, handlers, borow: true });
  // @ts-expect-error it is `drain`
  openWriter(0, { reactor, handlers: { onDrain: noop } });
  // @ts-expect-error it is `data`
  reactor.register(0, Interest.Readable, { onReady: noop }, { dta: 1 });
  // @ts-expect-error it is `queuedBytes`
  reactor.register(0, Interest.Readable, { onReady: noop, queudBytes: () => 1 });
  // @ts-expect-error it is `driver`
  reactor.attach({ drivr: 'nested' });
  // @ts-expect-error it is `backend`
  new Reactor({ backed: 'poll' });
  // @ts-expect-error it is `trigger`
  new Proactor({ reactor, trigerr: 'edge' });
  // @ts-expect-error it is `balance`
  new ReactorPool({ size: 1, module: '', balanc: 'round-robin' });
  // @ts-expect-error it is `host`
  void promises.listen({ hots: HOST });
  // @ts-expect-error it is `asyncContext`
  watchExit(1, { asyncContex: true }, noop);
  // @ts-expect-error it is `copy`
  relay(undefined as never, undefined as never, { copi: true });
}

interface Session {
  requests: number;
}

describe('types', () => {
  it('refuse names that are none', () => {
    expect(misspelt).toBeTypeOf('function'); // what is in it is what the compiler refuses
  });

  it('have `data` of what was given, and no `!`, in handlers and results', () => {
    const reactor = reactorOf();
    const session = (): Session => ({ requests: 0 });
    const listener = listen<Session>({
      reactor,
      host: HOST,
      createData: session,
      handlers: { data: ({ data }) => void data.requests++ },
    });
    expectTypeOf(listener.connections).toEqualTypeOf<ReadonlySet<Connection<Session>>>();
    // The maker may come after the handlers where it takes no connection.
    const connection = connect({
      reactor,
      host: HOST,
      port: listener.port,
      handlers: { open: ({ data }) => void data.requests++ },
      createData: session,
    });
    expectTypeOf(connection.data).toEqualTypeOf<Session>();
    const socket = bindDatagram({
      reactor,
      host: HOST,
      data: session(),
      handlers: { message: ({ data }) => void data.requests++ },
    });
    expectTypeOf(socket).toEqualTypeOf<DatagramSocket<Session>>();
    const [readEnd, writeEnd] = descriptors.pipe().map((fd) => descriptors.release(fd));
    const reader = openReader(readEnd as number, {
      reactor,
      data: session(),
      handlers: { data: ({ data }) => void data.requests++ },
    });
    const writer = openWriter(writeEnd as number, { reactor, data: session(), handlers });
    expectTypeOf(reader.data).toEqualTypeOf<Session>();
    expectTypeOf(writer.data).toEqualTypeOf<Session>();
    expect(reader.data.requests + writer.data.requests + connection.data.requests).toBe(0);
    for (const each of [listener, connection, socket, reader, writer]) each.destroy();
  });

  it('of errors have a `code`', () => {
    type Handlers = EachGiven<ConnectionHandlers<Session>>;
    type ErrorOf<F> = NonNullable<F> extends (subject: never, error?: infer E) => void ? E : never;
    expectTypeOf<ErrorOf<Handlers['close']>>().toEqualTypeOf<NodeJS.ErrnoException>();
    expectTypeOf<Connection['error']>().toEqualTypeOf<NodeJS.ErrnoException | undefined>();
    expectTypeOf<NonNullable<Connection['error']>['code']>().toEqualTypeOf<string | undefined>();
  });

  it('take handlers of other data where the data is unknown, as methods do', () => {
    const own: ConnectionHandlers<Session> = { data: ({ data }) => void data.requests++ };
    const module: SubReactorModule = { handlers: own };
    expect(module.handlers).toBe(own);
  });
});
