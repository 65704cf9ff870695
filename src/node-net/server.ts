// Server of node:net over the reactor.
import { lookup } from 'node:dns';
import { EventEmitter } from 'node:events';
import { type AddressInfo, isIP } from 'node:net';
import {
  adoptListener,
  type Connection,
  listen,
  type Listener as NetListener,
  type ListenOptions as NetListenOptions,
} from '../net/index.ts';
import type { Reactor } from '../reactor/index.ts';
import { given, normalize, portOf } from './arguments.ts';
import { asNodeError, coded } from './errors.ts';
import { type Socket, socketOf } from './socket.ts';

/** Options of `createServer`, as in node:net. */
export interface ServerOptions {
  /** Keep our side of a connection open when the peer has ended its own. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Do not read from a connection before `resume`. Default false. */
  readonly pauseOnConnect?: boolean | undefined;
  /** Switches Nagle's algorithm off. Default false. */
  readonly noDelay?: boolean | undefined;
  /** Sends probes while a connection is silent. Default false. */
  readonly keepAlive?: boolean | undefined;
  /** Milliseconds of silence before the first probe. Default 0: the system's. */
  readonly keepAliveInitialDelay?: number | undefined;
  /** Of the streams, in bytes. */
  readonly highWaterMark?: number | undefined;
  /** `'level'`, the default, or `'edge'`: not in node:net. */
  readonly trigger?: 'level' | 'edge' | undefined;
  /** Default: the reactor of this thread. Not in node:net. */
  readonly reactor?: Reactor | undefined;
}

/** Options of `listen`, as in node:net. */
export interface ServerListenOptions {
  /** 0 to 65535; 0, the default: a free one; also as text. */
  readonly port?: number | string | undefined;
  /** A name or a numeric address. Default: every address. */
  readonly host?: string | undefined;
  /** A Unix socket instead of TCP. */
  readonly path?: string | undefined;
  /** A descriptor that listens already. The server owns it from here on. */
  readonly fd?: number | undefined;
  /** Connections that may wait to be accepted. Default 511. */
  readonly backlog?: number | undefined;
  /** `'::'` for IPv6 only. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** Let other sockets of this user listen on the same port. Default false. */
  readonly reusePort?: boolean | undefined;
  /** Aborting closes the server. */
  readonly signal?: AbortSignal | undefined;
}

const BACKLOG = 511;
const BACKLOG_MAX = 0x7fffffff;

const LISTEN_OPTIONS = [
  'port',
  'host',
  'path',
  'fd',
  'backlog',
  'ipv6Only',
  'reusePort',
  'signal',
] as const;

// As node:net: 0 is the default, and less is as long as the system allows. `listen` checks the rest.
function backlogOf(value: unknown): number {
  const backlog = ((typeof value === 'string' ? Number(value) : value) || BACKLOG) as number;
  return typeof backlog === 'number' && backlog < 0 ? BACKLOG_MAX : backlog;
}

/** A listener of `connection`. */
export type ConnectionListener = (socket: Socket) => void;

/** As Server of node:net; docs/compat.md lists what is not there. */
export class Server extends EventEmitter {
  /**
   * Beyond so many connections new ones are closed, and `drop` is emitted. Undefined at first, as in
   * node:net: no limit.
   */
  maxConnections!: number;
  readonly #options: ServerOptions;
  readonly #sockets = new Set<Socket>();
  #listener: NetListener | undefined = undefined;
  #path: string | undefined = undefined;
  #isStarting = false;
  #isClosing = false;
  #isReferenced = true;

  /**
   * Makes a server that does not listen yet.
   *
   * @param connectionListener - a listener of `connection`.
   */
  constructor(connectionListener?: ConnectionListener);
  /** Makes a server with options. */
  constructor(options?: ServerOptions, connectionListener?: ConnectionListener);
  constructor(options?: ServerOptions | ConnectionListener, onConnection?: ConnectionListener) {
    super();
    this.#options = typeof options === 'object' && options !== null ? options : {};
    const listener = typeof options === 'function' ? options : onConnection;
    if (listener !== undefined) this.on('connection', listener);
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#listener !== undefined;
  }

  /**
   * Listens; emits `listening` then, or `error`.
   *
   * @param port - 0 to 65535; 0 or absent: a free one.
   * @param hostname - a name or a numeric address; absent: every address.
   * @param backlog - connections that may wait to be accepted. Default 511.
   * @param listeningListener - a listener for the next `listening`.
   * @throws Error - ERR_SERVER_ALREADY_LISTEN. RangeError - ERR_SOCKET_BAD_PORT. As `listen` of
   *   `edgewise` for an option of the wrong kind.
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
  listen(...args: unknown[]): this {
    const { options, callback } = normalize(args, ['host', 'backlog']);
    if (this.listening || this.#isStarting) {
      const message = 'Listen method has been called more than once without closing.';
      throw coded(new Error(message), 'ERR_SERVER_ALREADY_LISTEN');
    }
    if (callback !== undefined) this.once('listening', callback);
    const wanted = given(options as ServerListenOptions, LISTEN_OPTIONS);
    if (wanted.port !== undefined) portOf(wanted.port);
    this.#isStarting = true;
    this.#isClosing = false;
    const { host, path, fd } = wanted;
    const isName = host !== undefined && isIP(host) === 0 && path === undefined && fd === undefined;
    if (isName) this.#lookUp(host, wanted);
    else this.#open(wanted);
    return this;
  }

  /**
   * Stops listening; `close` is emitted when all connections have ended.
   *
   * @param callback - called then; with ERR_SERVER_NOT_RUNNING when it did not listen.
   */
  close(callback?: (error?: Error) => void): this {
    const isRunning = this.listening || this.#isStarting;
    if (typeof callback === 'function') {
      const notRunning = () =>
        callback(coded(new Error('Server is not running.'), 'ERR_SERVER_NOT_RUNNING'));
      this.once('close', isRunning ? () => callback() : notRunning);
    }
    this.#isStarting = false;
    this.#isClosing = true;
    this.#listener?.close();
    this.#listener = undefined;
    this.#emitCloseIfDone();
    return this;
  }

  /** As `close()`; resolves when it is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.close((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** Where it listens; a path for a Unix socket; null when it does not listen. */
  address(): AddressInfo | string | null {
    if (this.#listener === undefined) return null;
    const { address, family, port } = this.#listener.address;
    if (this.#path !== undefined) return this.#path;
    return { address: address ?? '', family: family ?? '', port };
  }

  /** Counts the open connections, and calls back with that. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(callback, null, this.#sockets.size);
    return this;
  }

  /** Keeps the process alive while it listens, which is so from the start. */
  ref(): this {
    this.#isReferenced = true;
    this.#listener?.ref();
    return this;
  }

  /** Lets the process end although it listens. */
  unref(): this {
    this.#isReferenced = false;
    this.#listener?.unref();
    return this;
  }

  /** Whether it keeps the process alive while it listens. Not in node:net. */
  hasRef(): boolean {
    return this.#isReferenced;
  }

  #lookUp(host: string, options: ServerListenOptions): void {
    lookup(host, (error, address) => {
      if (!this.#isStarting) return; // closed meanwhile
      try {
        if (error !== null) throw error;
        this.#open({ ...options, host: address });
      } catch (reason) {
        this.#fail(reason as Error); // no caller is there to catch it
      }
    });
  }

  #open(options: ServerListenOptions): void {
    try {
      this.#listener = this.#start(options);
    } catch (error) {
      this.#isStarting = false;
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
      this.#fail(asNodeError(error));
      return;
    }
    this.#isStarting = false;
    this.#path = options.path;
    if (!this.#isReferenced) this.#listener.unref();
    this.#closeBy(options.signal);
    process.nextTick(() => {
      if (this.listening) this.emit('listening');
    });
  }

  #closeBy(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const close = () => this.close();
    signal.addEventListener('abort', close, { once: true });
    this.once('close', () => signal.removeEventListener('abort', close));
    if (signal.aborted) process.nextTick(close);
  }

  #start({ port = 0, host, path, fd, ...rest }: ServerListenOptions): NetListener {
    const backlog = backlogOf(rest.backlog);
    const { trigger = 'level', highWaterMark, reactor } = this.#options;
    const shared: NetListenOptions = {
      trigger,
      handlers: { open: (connection) => this.#onConnection(connection) },
      onError: (error) => this.#break(error),
      ...(highWaterMark === undefined ? {} : { highWaterMark }),
      ...(reactor === undefined ? {} : { reactor }),
    };
    const tcp = { noDelay: this.#options.noDelay === true };
    if (fd !== undefined) return adoptListener(fd, { ...shared, tcp });
    if (path !== undefined) return listen({ ...shared, path, backlog });
    const { ipv6Only, reusePort } = rest;
    return listen({
      ...shared,
      tcp,
      port: portOf(port),
      backlog,
      ...(host === undefined ? {} : { host }),
      ...(ipv6Only === undefined ? {} : { ipv6Only }),
      ...(reusePort === undefined ? {} : { reusePort }),
    });
  }

  #fail(error: Error): void {
    this.#isStarting = false;
    process.nextTick(() => this.emit('error', error));
  }

  // The listening socket has failed, and is closed.
  #break(error: Error): void {
    this.emit('error', error);
    this.close();
  }

  #onConnection(connection: Connection): void {
    if (this.#sockets.size >= (this.maxConnections ?? Number.POSITIVE_INFINITY)) {
      this.#drop(connection);
      return;
    }
    const {
      allowHalfOpen = false,
      keepAlive,
      keepAliveInitialDelay,
      highWaterMark,
    } = this.#options;
    const options = highWaterMark === undefined ? {} : { highWaterMark };
    const socket = socketOf(connection, { allowHalfOpen, ...options });
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#emitCloseIfDone();
    });
    if (keepAlive === true) socket.setKeepAlive(true, keepAliveInitialDelay);
    if (this.#options.pauseOnConnect === true) socket.pause();
    this.emit('connection', socket);
  }

  #drop(connection: Connection): void {
    const { remoteAddress: remote, localAddress: local } = connection;
    connection.destroy();
    this.emit('drop', {
      localAddress: local?.address,
      localPort: local?.port,
      localFamily: local?.family,
      remoteAddress: remote?.address,
      remotePort: remote?.port,
      remoteFamily: remote?.family,
    });
  }

  #emitCloseIfDone(): void {
    if (!this.#isClosing || this.#sockets.size > 0) return;
    this.#isClosing = false;
    process.nextTick(() => this.emit('close'));
  }
}
