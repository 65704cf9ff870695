// Socket of node:net over the reactor: the stream of edgewise/stream that can connect by itself.
import { type BlockList, Socket as NodeSocket } from 'node:net';
import { constants as os } from 'node:os';
import { addAbortSignal } from 'node:stream';
import { errnoError } from '../errors.ts';
import { establishedConnection } from '../net/index.ts';
import { coded } from '../node-errors.ts';
import { type Callable, callable } from '../stream/callable.ts';
import type { Callback } from '../stream/driver.ts';
import { driverOf, SocketDuplex } from '../stream/socket.ts';
import { blockListOf, isNormalized, normalize, type Options, signalOf } from './arguments.ts';
import { Connecting, type ConnectingOwner, type Target } from './connecting.ts';
import { asNodeError, socketClosed } from './errors.ts';
import { SocketHandle } from './handle.ts';
import {
  checkSocketOptions,
  type SocketConnectOptions,
  type SocketOptions,
  secondsOf,
  sinkOf,
  targetOf,
  typeOfServiceOf,
} from './socket-options.ts';

// Under a symbol, as what drives it (stream/socket.ts).
const STATE = Symbol('state');

interface State {
  noDelay: boolean;
  keepAlive: boolean;
  keepAliveSeconds: number;
  typeOfService: number | undefined;
  readonly blockList: BlockList | undefined;
  connecting: Connecting | undefined;
}

const { EALREADY, EISCONN } = os.errno;
/** The members of a socket; see {@link Socket}. */
class SocketClass extends SocketDuplex {
  /** The server that accepted it; null: none did. */
  server: object | null = null;
  /** Addresses that were tried, with the port, where a name had several. */
  declare autoSelectFamilyAttemptedAddresses?: string[] | undefined;
  /** @internal what is beneath; null: not connecting, or closed */
  _handle: SocketHandle | null = null;
  /** @internal */
  _parent: object | null = null;
  /** @internal */
  _host: string | null = null;
  /** @internal */
  _hadError = false;
  /** @internal */
  _pendingData: unknown = null;
  /** @internal */
  readonly [STATE]: State;

  /**
   * Makes a socket that is not connected, unless it is given a descriptor or a handle.
   *
   * @param options - a number is an `fd`.
   * @throws TypeError, RangeError - an option of the wrong kind. ERR_INVALID_FD_TYPE: `fd` is no
   *   connected stream socket.
   */
  constructor(options?: SocketOptions | number | null) {
    const given = (
      typeof options === 'number' ? { fd: options } : (options ?? {})
    ) as SocketOptions;
    const keepAliveSeconds = checkSocketOptions(given as Options);
    const { noDelay, keepAlive, typeOfService, fd, handle, onread, blockList, signal, ...others } =
      given;
    super({ ...others, allowHalfOpen: given.allowHalfOpen === true } as never);
    this[STATE] = {
      noDelay: Boolean(noDelay),
      keepAlive: Boolean(keepAlive),
      keepAliveSeconds,
      typeOfService,
      blockList: blockListOf(blockList),
      connecting: undefined,
    };
    driverOf(this).sink = sinkOf(this, onread);
    driverOf(this).forgivesReset = true;
    this.on('end', onEnd);
    if (given.pauseOnCreate) this.pause();
    if (handle !== undefined && handle !== null) take(this, handle);
    else if (fd !== undefined) take(this, handleOf(fd));
    if (signal) destroyBy(this, signal);
  }

  /**
   * Connects; emits `connect` and `ready` then. A socket that is closed can connect again.
   *
   * @param options - a `port` or a `path` at least.
   * @param connectionListener - a listener for the next `connect`.
   * @throws TypeError, RangeError - an argument of the wrong kind: ERR_MISSING_ARGS,
   *   ERR_SOCKET_BAD_PORT, …; what goes wrong later is emitted as `error`.
   */
  connect(options: SocketConnectOptions, connectionListener?: () => void): this;
  /** Connects to a port of a host. */
  connect(port: number, host: string, connectionListener?: () => void): this;
  /** Connects to a port of this machine. */
  connect(port: number, connectionListener?: () => void): this;
  /** Connects to a Unix socket. */
  connect(path: string, connectionListener?: () => void): this;
  connect(...args: unknown[]): this {
    const [options, callback] = isNormalized(args[0]) ? args[0] : normalize(args);
    if (options.port === undefined && (options.path === undefined || options.path === null)) {
      const message = 'The "options" or "port" or "path" argument must be specified';
      throw coded(new TypeError(message), 'ERR_MISSING_ARGS');
    }
    const state = this[STATE];
    const target = targetOf(options, state.blockList);
    if (callback !== null) this.once('connect', callback);
    if (this._handle !== null && !this.destroyed) {
      refuse(this, target);
      return this;
    }
    revive(this);
    if (options.noDelay !== undefined) state.noDelay = Boolean(options.noDelay);
    if (options.keepAlive) {
      state.keepAlive = true;
      state.keepAliveSeconds = Math.max(secondsOf(options.keepAliveInitialDelay), 0);
    }
    this._handle = watched(this, new SocketHandle(target.path !== undefined));
    this._host = target.path === undefined ? target.host : null;
    driverOf(this).expect();
    state.connecting = new Connecting(this, ownerOf(this), target);
    state.connecting.start();
    return this;
  }

  /** Switches Nagle's algorithm off (true, the default) or on. */
  override setNoDelay(noDelay?: boolean): this {
    const state = this[STATE];
    const value = noDelay === undefined ? true : Boolean(noDelay);
    if (value === state.noDelay) return this;
    state.noDelay = value;
    if (!driverOf(this).isConnecting) this._handle?.setNoDelay?.(value);
    return this;
  }

  /**
   * Sends probes while the connection is silent, or not.
   *
   * @param initialDelayMs - milliseconds of silence before the first probe; the system's when it is
   *   less than a second, or more than the system takes.
   */
  override setKeepAlive(enable?: boolean, initialDelayMs: number = 0): this {
    const state = this[STATE];
    const value = Boolean(enable);
    const seconds = secondsOf(initialDelayMs);
    if (value === state.keepAlive && seconds === state.keepAliveSeconds) return this;
    state.keepAlive = value;
    state.keepAliveSeconds = seconds;
    if (!driverOf(this).isConnecting) this._handle?.setKeepAlive?.(value, seconds);
    return this;
  }

  /**
   * Sets the field of IP packets by which routers may prefer some (DSCP and ECN).
   *
   * @param value - 0 to 255.
   * @throws TypeError, RangeError - ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. Error - what the system
   *   answers, such as EOPNOTSUPP of a Unix socket.
   * @see ip(7) "IP_TOS", ipv6(7) "IPV6_TCLASS"
   */
  setTypeOfService(value: number): this {
    this[STATE].typeOfService = typeOfServiceOf('tos', value);
    if (!this.pending) applyTypeOfService(this);
    return this;
  }

  /**
   * What `setTypeOfService` has set; 0 to 255.
   *
   * @throws Error - what the system answers.
   */
  getTypeOfService(): number {
    if (this.pending) return this[STATE].typeOfService ?? 0;
    const result = (this._handle as SocketHandle).getTypeOfService();
    if (result < 0) throw asNodeError(errnoError(result, 'getTypeOfService'));
    return result;
  }

  /**
   * Closes by a reset (RST).
   *
   * @throws TypeError - ERR_INVALID_HANDLE_TYPE: a Unix socket.
   */
  override resetAndDestroy(): this {
    if (this._handle?.isPipe === true) {
      const error = new TypeError('This handle type cannot be sent');
      throw coded(error, 'ERR_INVALID_HANDLE_TYPE');
    }
    return super.resetAndDestroy();
  }

  /** As `writableLength`; undefined without a connection. Deprecated in node:net. */
  get bufferSize(): number | undefined {
    return this._handle ? this.writableLength : undefined;
  }

  /** @internal */
  get _connecting(): boolean {
    return this.connecting;
  }

  /** @internal */
  get _bytesDispatched(): number {
    return this._handle?.bytesWritten ?? this.bytesWritten;
  }

  /** Keeps the process alive, which is so from the start. */
  override ref(): this {
    this[STATE].connecting?.setReferenced(true);
    return super.ref();
  }

  /** Lets the process end although the socket is open. */
  override unref(): this {
    this[STATE].connecting?.setReferenced(false);
    return super.unref();
  }

  /** As of any stream. */
  override read(size?: number): unknown {
    if (driverOf(this).sink !== undefined && !this.pending) driverOf(this).read();
    return super.read(size);
  }

  /** @internal */
  override _write(chunk: string | Buffer, encoding: BufferEncoding, callback: Callback): void {
    if (this._handle === null) callback(socketClosed());
    else super._write(chunk, encoding, callback);
  }

  /** @internal errors in the shape of node:net */
  override _destroy(error: Error | null, callback: Callback): void {
    const state = this[STATE];
    state.connecting?.cancel();
    state.connecting = undefined;
    super._destroy(error === null ? null : asNodeError(error), callback);
    this._handle = null;
  }
}

// As net.Socket, later where it is aborted already: the caller has to see the socket first.
function destroyBy(socket: SocketClass, signal: AbortSignal): void {
  signalOf('signal', signal);
  if (signal.aborted) process.nextTick(() => addAbortSignal(signal, socket));
  else addAbortSignal(signal, socket);
}

function ownerOf(socket: SocketClass): ConnectingOwner {
  return {
    onConnected: (connection) => {
      const state = socket[STATE];
      state.connecting = undefined;
      const handle = socket._handle as SocketHandle;
      handle.establish(connection);
      if (state.noDelay) handle.setNoDelay(true);
      if (state.keepAlive) handle.setKeepAlive(true, state.keepAliveSeconds);
      if (state.typeOfService !== undefined) handle.setTypeOfService(state.typeOfService);
      driverOf(socket).attach(connection);
      driverOf(socket).announce();
    },
    onFailed: (error) => {
      socket.destroy(error);
    },
    onProgress: () => driverOf(socket).touch(),
  };
}

function applyTypeOfService(socket: SocketClass): void {
  const { typeOfService = 0 } = socket[STATE];
  const result = (socket._handle as SocketHandle).setTypeOfService(typeOfService);
  if (result < 0) throw asNodeError(errnoError(result, 'setTypeOfService'));
}

// A connection that is there already.
function take(socket: SocketClass, handle: object): void {
  socket._handle = handle as SocketHandle;
  if (!(handle instanceof SocketHandle)) return; // another's: it is only kept
  handle.release(); // by the socket that had it before
  watched(socket, handle);
  if (handle.connection !== undefined) driverOf(socket).attach(handle.connection);
}

function watched(socket: SocketClass, handle: SocketHandle): SocketHandle {
  handle.driver = driverOf(socket);
  return handle;
}

// As net.Socket does; without it both sides of the stream would stay ended.
function revive(socket: SocketClass): void {
  if (Object.hasOwn(socket, 'write')) Reflect.deleteProperty(socket, 'write');
  if (!socket.destroyed) return;
  driverOf(socket).detach();
  (socket as unknown as { _undestroy(): void })._undestroy();
}

function refuse(socket: SocketClass, { path, host, port }: Target): void {
  const context = path === undefined ? { address: host, port } : { path };
  const result = driverOf(socket).isConnecting ? -EALREADY : -EISCONN;
  process.nextTick(() => socket.destroy(errnoError(result, 'connect', context)));
}

// As node:net, a listener: what is written behind the peer's end fails, unless our side may stay open.
function onEnd(this: SocketClass): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd;
}

function writeAfterEnd(this: SocketClass, ...args: unknown[]): boolean {
  const { prototype } = SocketClass;
  if (!this.writableEnded) return Reflect.apply(prototype.write, this, args);
  const callback = args.find((each) => typeof each === 'function') as Callback | undefined;
  const message = 'This socket has been ended by the other party';
  const error = coded(new Error(message), 'EPIPE');
  if (callback !== undefined) process.nextTick(callback, error);
  this.destroy(error);
  return false;
}

function handleOf(fd: number): SocketHandle {
  try {
    const connection = establishedConnection(fd, { handlers: {} });
    return new SocketHandle(connection.group.settings.isUnix, connection);
  } catch (error) {
    const wrong = new TypeError('Unsupported fd type: UNKNOWN', { cause: error });
    throw coded(wrong, 'ERR_INVALID_FD_TYPE');
  }
}

/** As Socket of node:net; docs/compat.md lists what differs. With `new`, or called as a function. */
export const Socket: Callable<typeof SocketClass> = callable(
  'Socket',
  SocketClass,
  NodeSocket,
  SocketDuplex,
);
/** A socket of `edgewise/net`. */
export type Socket = SocketClass;

/** The class itself: `instanceof` of it says no of sockets of node:net. */
export { SocketClass };
