// serveHttp(): a server of node:http, node:https or node:http2 whose connections are ours. It goes on
// thinking that it listens by itself: its timeouts, its counts and its end are those of Node. For that
// it is given what a worker of node:cluster gives it, an object in the place of its handle.
import { type AddressInfo, Server } from 'node:net';
import { EdgewiseError, invalidType } from '../errors.ts';
import {
  type Connection,
  type Listener,
  type ListenOptions,
  listen,
  ON_CLOSED,
  type TcpOptions,
} from '../net/index.ts';
import { checkObject, checkSignal, given } from '../validate.ts';
import { toDuplex } from './duplex.ts';
import type { CountingServer } from './socket.ts';

/** Options of {@link serveHttp}: those of `listen`, without what it decides itself. */
export type ServeHttpOptions = Omit<
  ListenOptions,
  'handlers' | 'createData' | 'allowHalfOpen' | 'idleTimeoutMs' | 'receiveDescriptors'
>;

/** The members of net.Server that are used here; those of newer versions may be absent. */
interface Listening extends CountingServer {
  _handle: ListeningHandle | null;
  _pipeName?: string | undefined;
  readonly _unref?: boolean;
  readonly allowHalfOpen?: boolean;
  readonly highWaterMark?: number;
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
}

/** What net.Server calls of its handle. */
class ListeningHandle {
  /** Whether the server has closed it. */
  isClosed = false;
  readonly #listener: Listener;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  get fd(): number {
    return this.#listener.fd;
  }

  // Of TCP only: of a Unix socket a server knows its path.
  get getsockname(): ((out: Partial<AddressInfo>) => number) | undefined {
    const { address, port, family } = this.#listener.address;
    if (family !== 'IPv4' && family !== 'IPv6') return undefined;
    return (out) => {
      Object.assign(out, { address, port, family });
      return 0;
    };
  }

  ref(): void {
    this.#listener.ref();
  }

  unref(): void {
    this.#listener.unref();
  }

  hasRef(): boolean {
    return this.#listener.hasRef();
  }

  close(): void {
    this.isClosed = true;
    this.#listener.close();
  }
}

/**
 * Has a server of node:http, node:https or node:http2 serve connections of edgewise, in the place of
 * its `listen`. Afterwards all is as if it listened by itself: `listening` is emitted in a later turn,
 * `listening`, `address()`, `close()`, `getConnections`, `ref`, `unref` and `maxConnections` work, and so do
 * `headersTimeout`, `requestTimeout`, `keepAliveTimeout` and `closeIdleConnections`, which without
 * this guard against no one.
 *
 * @param server - one that does not listen.
 * @param options - of `listen`. The switches `noDelay` and `keepAlive` are those of the server, unless
 *   `tcp` says otherwise. `signal`: aborting closes the server.
 * @returns the server.
 * @throws TypeError - no server of Node. Error - ERR_SERVER_ALREADY_LISTEN. As `listen` of `edgewise`:
 *   EADDRINUSE, …
 */
export function serveHttp<NodeServer extends Server>(
  server: NodeServer,
  options: ServeHttpOptions,
): NodeServer {
  if (!(server instanceof Server)) throw invalidType('server', 'a server of Node', server);
  checkObject('options', options);
  const { signal, ...others } = options;
  checkSignal(signal);
  signal?.throwIfAborted();
  if (server.listening) {
    throw new EdgewiseError('ERR_SERVER_ALREADY_LISTEN', 'the server listens already');
  }
  const listened = server as unknown as Listening;
  const listener = listen({
    ...others,
    tcp: { ...switchesOf(listened), ...given(options.tcp ?? {}) },
    handlers: { open: (connection) => accept(server, listened, connection) },
  });
  const handle = new ListeningHandle(listener);
  if (listened._unref) handle.unref();
  listened._handle = handle;
  listened._pipeName = options.path ?? (options.abstract && `\0${options.abstract}`);
  const close = () => server.close();
  signal?.addEventListener('abort', close, { once: true });
  // Whatever closes it: the server, or the reactor.
  listener[ON_CLOSED] = () => {
    signal?.removeEventListener('abort', close);
    if (!handle.isClosed) close();
  };
  process.nextTick(() => {
    if (server.listening) server.emit('listening');
  });
  return server;
}

function switchesOf(server: Listening): TcpOptions {
  const { noDelay = false, keepAlive = false, keepAliveInitialDelay: idleSeconds = 0 } = server;
  return { noDelay, ...(keepAlive ? { keepAlive: idleSeconds > 0 ? { idleSeconds } : true } : {}) };
}

function accept(server: Server, listened: Listening, connection: Connection): void {
  const { maxConnections } = server;
  if (maxConnections != null && listened._connections >= maxConnections) {
    drop(server, connection);
    return;
  }
  const { highWaterMark, allowHalfOpen = false } = listened;
  const size = highWaterMark === undefined ? {} : { highWaterMark };
  const stream = toDuplex(connection, { allowHalfOpen, ...size });
  listened._connections++;
  stream._server = listened;
  server.emit('connection', stream);
}

function drop(server: Server, connection: Connection): void {
  const { localAddress: local, remoteAddress: remote } = connection;
  connection.destroy();
  server.emit('drop', {
    localAddress: local?.address,
    localPort: local?.port,
    localFamily: local?.family,
    remoteAddress: remote?.address,
    remotePort: remote?.port,
    remoteFamily: remote?.family,
  });
}
