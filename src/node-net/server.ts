// Server of node:net over the reactor.
import diagnostics from 'node:diagnostics_channel';
import type { LookupAddress } from 'node:dns';
import { EventEmitter } from 'node:events';
import { type AddressInfo, type BlockList, isIP, Server as NodeServer } from 'node:net';
import { getDefaultHighWaterMark } from 'node:stream';
import { check, ErrnoError, errnoError } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import { native } from '../native.ts';
import {
  acceptedConnection,
  adoptListener,
  type Listener,
  type ListenOptions,
  listen,
  type ProxyOptions,
} from '../net/index.ts';
import { coded } from '../node-errors.ts';
import type { Reactor } from '../reactor/index.ts';
import { adopting, type Callable, callable } from '../stream/callable.ts';
import * as sys from '../sys/index.ts';
import { functionOf, normalize } from './arguments.ts';
import { askPrimary, isClusterWorker } from './cluster.ts';
import { unixPlaceOf } from './connecting.ts';
import { asListenError, asNodeError, listenResultOf } from './errors.ts';
import { type Accept, ServerHandle, type SocketHandle } from './handle.ts';
import {
  type Plan,
  planOf,
  type ServerListenOptions,
  type ServerOptions,
  serverOptions,
} from './server-options.ts';
import { type Socket, SocketClass } from './socket.ts';

/** A listener of `connection`. */
export type ConnectionListener = (socket: Socket) => void;

interface State {
  readonly trigger: 'level' | 'edge';
  readonly reactor: Reactor | undefined;
  readonly proxy: ProxyOptions;
  releaseSignal: (() => void) | undefined;
}

/** Of uv_tcp_bind, in the question to the primary of a cluster. */
const UV_TCP_IPV6ONLY = 1;
const LINK_LOCAL = /^fe[89ab]/i;
// Under a symbol, as what drives a socket (stream/socket.ts).
const STATE = Symbol('state');

const serverSocketChannel = diagnostics.channel('net.server.socket');
const listenChannel = diagnostics.tracingChannel('net.server.listen');

/** The members of a server; see {@link Server}. */
class ServerClass extends adopting(EventEmitter) {
  /**
   * Beyond so many connections new ones are closed, and `drop` is emitted. Undefined at first, as in
   * node:net: no limit.
   */
  maxConnections!: number;
  /** In a worker of node:cluster. Here always as if true: what is beyond the limit is closed. */
  declare dropMaxConnection?: boolean;
  /** As the option. */
  allowHalfOpen: boolean;
  /** As the option. */
  pauseOnConnect: boolean;
  /** As the option. */
  noDelay: boolean;
  /** As the option. */
  keepAlive: boolean;
  /** As the option, in seconds. */
  keepAliveInitialDelay: number;
  /** As the option. */
  highWaterMark: number;
  /** As the option. */
  declare blockList?: BlockList | undefined;
  /** @internal what is beneath; null: it does not listen */
  _handle: ServerHandle | null = null;
  /** @internal */
  _connections = 0;
  /** @internal */
  _usingWorkers = false;
  /** @internal */
  _workers: unknown[] = [];
  /** @internal */
  _unref = false;
  /** @internal goes up with each `listen` and `close`: what was begun before is over */
  _listeningId = 1;
  /** @internal */
  declare _connectionKey?: string;
  /** @internal */
  declare _pipeName?: string;
  /** @internal */
  readonly [STATE]: State;

  /**
   * Makes a server that does not listen yet.
   *
   * @param connectionListener - a listener of `connection`.
   * @throws TypeError - an option of the wrong kind.
   */
  constructor(connectionListener?: ConnectionListener);
  /** Makes a server with options. */
  constructor(options?: ServerOptions | null, connectionListener?: ConnectionListener);
  constructor(
    options?: ServerOptions | null | ConnectionListener,
    onConnection?: ConnectionListener,
  ) {
    const given = serverOptions(options);
    super();
    const listener = typeof options === 'function' ? options : onConnection;
    if (typeof listener === 'function') this.on('connection', listener);
    this.allowHalfOpen = Boolean(given.allowHalfOpen);
    this.pauseOnConnect = Boolean(given.pauseOnConnect);
    this.noDelay = Boolean(given.noDelay);
    this.keepAlive = Boolean(given.keepAlive);
    this.keepAliveInitialDelay = Math.max(Math.trunc((given.keepAliveInitialDelay ?? 0) / 1000), 0);
    const { highWaterMark = -1 } = given;
    this.highWaterMark = highWaterMark < 0 ? getDefaultHighWaterMark(false) : highWaterMark;
    if (given.blockList) this.blockList = given.blockList;
    const { trigger = 'level', reactor } = given;
    const { proxyProtocol, proxyTimeoutMs, onProxyError } = given;
    const proxy = { proxyProtocol, proxyTimeoutMs, onProxyError };
    this[STATE] = { trigger, reactor, proxy, releaseSignal: undefined };
  }

  /** Whether it listens. */
  get listening(): boolean {
    return Boolean(this._handle);
  }

  /**
   * Listens; emits `listening` then, or `error`.
   *
   * @param port - 0 to 65535; 0 or absent: a free one.
   * @param hostname - a name or a numeric address; absent: every address.
   * @param backlog - connections that may wait to be accepted. Default 511.
   * @param listeningListener - a listener for the next `listening`.
   * @throws Error - ERR_SERVER_ALREADY_LISTEN. RangeError - ERR_SOCKET_BAD_PORT. TypeError -
   *   ERR_INVALID_ARG_VALUE: nothing to listen on was named; ERR_INVALID_ARG_TYPE. Nothing is open then.
   */
  listen(port?: number, hostname?: string, backlog?: number, listeningListener?: () => void): this;
  /** Listens on a port of one address. */
  listen(port?: number, hostname?: string, listeningListener?: () => void): this;
  /** Listens on a port of every address. */
  listen(port?: number, backlog?: number, listeningListener?: () => void): this;
  /** Listens on a port of every address. */
  listen(port?: number, listeningListener?: () => void): this;
  /** Listens on a Unix socket. */
  listen(path: string, backlog?: number, listeningListener?: () => void): this;
  /** Listens on a Unix socket. */
  listen(path: string, listeningListener?: () => void): this;
  /** Listens as the options name it. */
  listen(options: ServerListenOptions, listeningListener?: () => void): this;
  /** Listens on what has a descriptor: another server, or `{ fd }`. */
  listen(handle: object, backlog?: number, listeningListener?: () => void): this;
  /** As above. */
  listen(handle: object, listeningListener?: () => void): this;
  listen(...args: unknown[]): this {
    if (this._handle !== null) {
      const message = 'Listen method has been called more than once without closing.';
      throw coded(new Error(message), 'ERR_SERVER_ALREADY_LISTEN');
    }
    const [options, callback] = normalize(args);
    const plan = planOf(args, options);
    if (callback !== null) this.once('listening', callback);
    this._listeningId++;
    closeBy(this, plan.signal);
    if (listenChannel.asyncStart.hasSubscribers) {
      listenChannel.asyncStart.publish({ server: this, options });
    }
    if (plan.host === undefined) listenInCluster(this, plan, plan.path ?? null, plan.path ? -1 : 4);
    else lookUp(this, plan.host, plan);
    return this;
  }

  /**
   * Stops listening; `close` is emitted when all connections have ended.
   *
   * @param callback - called then; with ERR_SERVER_NOT_RUNNING when it did not listen.
   */
  close(callback?: (error?: Error) => void): this {
    this._listeningId++;
    if (typeof callback === 'function') {
      const notRunning = () =>
        callback(coded(new Error('Server is not running.'), 'ERR_SERVER_NOT_RUNNING'));
      this.once('close', this.listening ? callback : notRunning);
    }
    this._handle?.close();
    this._handle = null;
    this._emitCloseIfDrained();
    return this;
  }

  /** As `close()`; resolves when it is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.close((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** What an asynchronous listener has rejected with, where `events.captureRejections` is set. */
  override [EventEmitter.captureRejectionSymbol](
    error: Error,
    event: string,
    ...args: unknown[]
  ): void {
    if (event === 'connection') (args[0] as Socket).destroy(error);
    else this.emit('error', error);
  }

  /** Where it listens; a path for a Unix socket; null when it does not listen. */
  address(): AddressInfo | string | null {
    if (this._handle === null) return null;
    if (this._pipeName !== undefined) return this._pipeName;
    const out = {};
    this._handle.getsockname?.(out);
    return out as AddressInfo;
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const at = this.address();
    const place = typeof at === 'string' ? { path: at } : { address: at?.address, port: at?.port };
    return shown(this.constructor.name, { ...place, connections: this._connections });
  }

  /**
   * Counts the open connections, and calls back with that.
   *
   * @throws TypeError - ERR_INVALID_ARG_TYPE.
   */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(functionOf('callback', callback), null, this._connections);
    return this;
  }

  /** Keeps the process alive while it listens, which is so from the start. */
  ref(): this {
    this._unref = false;
    this._handle?.ref();
    return this;
  }

  /** Lets the process end although it listens. */
  unref(): this {
    this._unref = true;
    this._handle?.unref();
    return this;
  }

  /** Whether it keeps the process alive while it listens. Not in node:net. */
  hasRef(): boolean {
    return !this._unref;
  }

  /** @internal */
  _emitCloseIfDrained(): void {
    if (this._handle !== null || this._connections > 0) return;
    process.nextTick(() => {
      this[STATE].releaseSignal?.();
      this[STATE].releaseSignal = undefined;
      this.emit('close');
    });
  }
}

function closeBy(server: ServerClass, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  const close = () => server.close();
  if (signal.aborted) {
    process.nextTick(close);
    return;
  }
  signal.addEventListener('abort', close, { once: true });
  server[STATE].releaseSignal = () => signal.removeEventListener('abort', close);
}

function lookUp(server: ServerClass, host: string, plan: Plan): void {
  const id = server._listeningId;
  // biome-ignore lint/suspicious/noExplicitAny: a lookup in the place of Node's may ignore `all`
  native.lookup(host, { all: true }, (error: Error | null, found: any) => {
    if (server._listeningId !== id) return; // closed meanwhile, or called again
    if (error) {
      server.emit('error', error);
      return;
    }
    const address = Array.isArray(found) ? bestOf(found).address : String(found);
    listenInCluster(server, { ...plan, host: address }, address, isIP(address) === 6 ? 6 : 4);
  });
}

// A link-local address cannot be listened on without its interface.
function bestOf(found: readonly LookupAddress[]): LookupAddress {
  const usable = found.find(({ address }) => !LINK_LOCAL.test(address));
  return usable ?? (found[0] as LookupAddress);
}

function listenInCluster(
  server: ServerClass,
  plan: Plan,
  address: string | null,
  addressType: 4 | 6 | -1,
): void {
  if (plan.isExclusive || plan.handle !== undefined || !isClusterWorker()) {
    open(server, plan);
    return;
  }
  const { port = -1, fd, backlog, ipv6Only } = plan;
  const id = server._listeningId;
  const flags = ipv6Only ? UV_TCP_IPV6ONLY : 0;
  const asked = plan.host === undefined && plan.path === undefined ? null : address;
  const query = { address: asked, port, addressType, fd, flags, backlog };
  askPrimary(server, query, {
    isWanted: () => server._listeningId === id,
    onError: (error) => {
      const where = { ...(asked === null ? {} : { address: asked }), port };
      server.emit('error', asNodeError(errnoError(error, 'bind', where)));
    },
    onHandle: (handle) => begin(server, plan, handle),
    onConnection: (error, handle) => onConnection(server, error, handle),
    adopt: (shared, accept) => adoptListener(shared, optionsOf(server, accept)),
    close: (callback) => void server.close(callback),
    serve: (accepted, isUnix) =>
      acceptedConnection(accepted, isUnix, { ...reactionOf(server), handlers: {} }),
  });
}

// A failure is emitted, unless it is a mistake of the caller.
function open(server: ServerClass, plan: Plan): void {
  try {
    begin(server, plan, plan.handle ?? newHandle(server, plan));
  } catch (error) {
    if (!(error instanceof ErrnoError)) {
      if (plan.host === undefined) throw error;
      process.nextTick(() => server.emit('error', error)); // no caller is there to catch it
      return;
    }
    const address = plan.path ?? plan.host ?? error.address;
    const failure = asListenError(error, address, plan.path === undefined ? (plan.port ?? 0) : -1);
    if (listenChannel.error.hasSubscribers) {
      listenChannel.error.publish({ server, error: failure });
    }
    process.nextTick(() => server.emit('error', failure));
  }
}

function newHandle(server: ServerClass, plan: Plan): ServerHandle {
  return new ServerHandle(
    (error, handle) => onConnection(server, error, handle),
    (accept) => listenerOf(server, plan, accept),
  );
}

function reactionOf(server: ServerClass): Pick<ListenOptions, 'trigger' | 'reactor'> {
  const { trigger, reactor } = server[STATE];
  return { trigger, ...(reactor === undefined ? {} : { reactor }) };
}

function optionsOf(
  server: ServerClass,
  accept: Accept,
): ReturnType<typeof reactionOf> &
  ProxyOptions &
  Pick<ListenOptions, 'handlers' | 'onError' | 'tcp'> {
  const noDelay = Boolean(server.noDelay);
  return {
    ...reactionOf(server),
    ...server[STATE].proxy,
    handlers: { open: (connection) => accept(connection, noDelay) },
    onError: (error) => {
      server.emit('error', asNodeError(error)); // the listening socket has failed, and is closed
      server.close();
    },
    tcp: { noDelay },
  };
}

function listenerOf(server: ServerClass, plan: Plan, accept: Accept): Listener {
  const { fd, path, host, port, backlog, ipv6Only = false, reusePort = false } = plan;
  const options = optionsOf(server, accept);
  if (fd !== undefined) return listenerOn(fd, plan, options);
  if (path !== undefined) return listen({ ...options, ...unixPlaceOf(path, 'listen'), backlog });
  const where = host === undefined ? {} : { host };
  return listen({ ...options, ...where, port: port as number, backlog, ipv6Only, reusePort });
}

function listenerOn(
  fd: number,
  { backlog, isDuplicate }: Plan,
  options: ReturnType<typeof optionsOf>,
): Listener {
  try {
    check(listenResultOf(sys.listen(fd, backlog), fd), 'listen', { fd });
    return adoptListener(fd, options);
  } catch (error) {
    if (isDuplicate) sys.close(fd); // else it is still the caller's
    throw error;
  }
}

function begin(server: ServerClass, plan: Plan, handle: ServerHandle): void {
  if (plan.handle !== undefined) {
    handle.onconnection = (error, client) => onConnection(server, error, client);
  }
  const { path, port = -1 } = plan;
  openFile(plan, handle);
  server._handle?.close();
  server._handle = handle;
  handle.onLost = () => {
    if (server._handle === handle) server.close();
  };
  if (path === undefined) delete server._pipeName;
  else server._pipeName = path;
  server._connectionKey = `${placeOf(plan, handle)}:${port}`;
  if (server._unref) handle.unref();
  process.nextTick(() => {
    if (server._handle === null) return; // closed meanwhile
    if (listenChannel.asyncEnd.hasSubscribers) listenChannel.asyncEnd.publish({ server });
    server.emit('listening');
  });
}

// Lets others use the socket file. A server that cannot does not listen, as in Node.
function openFile({ path, fileMode = 0 }: Plan, handle: ServerHandle): void {
  if (fileMode === 0 || path === undefined || path.startsWith('\0')) return;
  try {
    native.chmodSync(path, native.statSync(path).mode | fileMode);
  } catch (error) {
    handle.close();
    throw error;
  }
}

function placeOf({ host, path }: Plan, handle: ServerHandle): string {
  if (path !== undefined) return `-1:${path}`;
  const bound: Partial<AddressInfo> = {};
  handle.getsockname?.(bound);
  const { address = host ?? null, family = '4' } = bound;
  return `${family.slice(-1)}:${address}`;
}

function onConnection(server: ServerClass, error: number, handle: SocketHandle): void {
  if (error !== 0) {
    server.emit('error', asNodeError(errnoError(error, 'accept')));
    return;
  }
  const { maxConnections, allowHalfOpen, highWaterMark } = server;
  if (maxConnections != null && server._connections >= maxConnections) {
    drop(server, handle);
    return;
  }
  if (server.blockList !== undefined && isBlocked(server.blockList, handle)) {
    handle.close();
    return;
  }
  const socket = new SocketClass({
    handle,
    allowHalfOpen,
    highWaterMark,
    noDelay: server.noDelay,
    keepAlive: server.keepAlive,
    keepAliveInitialDelay: server.keepAliveInitialDelay * 1000,
    pauseOnCreate: server.pauseOnConnect,
  });
  if (server.noDelay || handle.isNoDelay) handle.setNoDelay(Boolean(server.noDelay));
  if (server.keepAlive) handle.setKeepAlive(true, server.keepAliveInitialDelay);
  server._connections++;
  socket.server = server;
  socket._server = server;
  server.emit('connection', socket);
  if (serverSocketChannel.hasSubscribers) serverSocketChannel.publish({ socket });
}

function drop(server: ServerClass, handle: SocketHandle): void {
  const [local, remote]: [Partial<AddressInfo>, Partial<AddressInfo>] = [{}, {}];
  handle.getsockname(local);
  handle.getpeername(remote);
  handle.close();
  server.emit('drop', {
    localAddress: local.address,
    localPort: local.port,
    localFamily: local.family,
    remoteAddress: remote.address,
    remotePort: remote.port,
    remoteFamily: remote.family,
  });
}

function isBlocked(blockList: BlockList, handle: SocketHandle): boolean {
  const { address, family } = addressOf(handle);
  return address !== undefined && blockList.check(address, family === 'IPv6' ? 'ipv6' : 'ipv4');
}

function addressOf(handle: SocketHandle): Partial<AddressInfo> {
  const peer: Partial<AddressInfo> = {};
  handle.getpeername(peer);
  return peer;
}

/**
 * Has a server of Node's own classes, such as one of node:http, listen as ours do: its connections are
 * sockets of ours. It has the members that this needs by the same names.
 */
export function listenFor(server: NodeServer, args: readonly unknown[]): void {
  const state: State = {
    trigger: 'level',
    reactor: undefined,
    proxy: {},
    releaseSignal: undefined,
  };
  if (!(STATE in server)) Object.defineProperty(server, STATE, { value: state });
  Reflect.apply(ServerClass.prototype.listen as () => unknown, server, args);
}

/** As Server of node:net; docs/compat.md lists what differs. With `new`, or called as a function. */
export const Server: Callable<typeof ServerClass> = callable('Server', ServerClass, NodeServer);
/** A server of `edgewise/net`. */
export type Server = ServerClass;
/** The class itself: `instanceof` of it says no of servers of node:net. */
export { ServerClass };
