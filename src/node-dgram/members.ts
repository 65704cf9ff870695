// What every socket of edgewise/dgram can do: the members of Socket of node:dgram. What is known of a
// socket, and what takes more than one step, is in life.ts; what makes one is in socket.ts.
import { EventEmitter } from 'node:events';
import { type AddressInfo, isIP } from 'node:net';
import { promisify } from 'node:util';
import { coded, wrongType, wrongValue } from '../node-errors.ts';
import { numberOf, portOf, type SendCallback, sendRequestOf, textOf } from './arguments.ts';
import { checkUdp } from './descriptor.ts';
import { alreadyBound, blocked, isConnected, notConnected, systemError } from './errors.ts';
import type { HandleAddress } from './handle.ts';
import {
  adopt,
  bindByName,
  bufferSize,
  connectByName,
  end,
  handleOf,
  isBlocked,
  loopbackOf,
  onceListening,
  type SocketEvents,
  sendByName,
  startReceiving,
  stateOf,
  whenBound,
  wildcardOf,
} from './life.ts';
import type { BindOptions, BindSyncOptions, SocketType } from './options.ts';

const FD_MAX = 0x7fffffff;

function checkResult(errno: number, syscall: string): void {
  if (errno < 0) throw systemError(errno, syscall);
}

function addressIn(found: HandleAddress | number, syscall: string): AddressInfo {
  if (typeof found === 'number') throw systemError(found, syscall);
  return found;
}

// As Node: what is no descriptor, and 0, is as if it were absent.
function fdIn({ fd }: BindOptions): number | undefined {
  return Number.isInteger(fd) && fd !== undefined && fd > 0 && fd <= FD_MAX ? fd : undefined;
}

/** A numeric address, or the given one where there is none. */
function numericOf(name: string, address: unknown, otherwise: string): string {
  if (address === undefined || address === null || address === '') return otherwise;
  if (isIP(textOf(name, address)) !== 0) return address as string;
  throw wrongValue(name, address, 'must be a numeric IP address: no name is looked up here');
}

/** The members of a `Socket`, which socket.ts makes. */
export class SocketMembers extends EventEmitter<SocketEvents> {
  /** `'udp4'` or `'udp6'`. */
  declare readonly type: SocketType;

  /**
   * Binds; emits `listening` then, or `error`. Datagrams are received from then on.
   *
   * @param port - 0 to 65535; 0 or absent: a free one.
   * @param address - a name or a numeric address; absent: every address.
   * @param callback - a listener for the next `listening`.
   * @throws Error - ERR_SOCKET_ALREADY_BOUND, ERR_SOCKET_DGRAM_NOT_RUNNING. TypeError -
   *   ERR_INVALID_FD_TYPE; ERR_INVALID_ARG_TYPE: a handle of Node.
   */
  bind(port?: number, address?: string, callback?: () => void): this;
  /** Binds to every address. */
  bind(port?: number, callback?: () => void): this;
  /** Binds to a free port of every address. */
  bind(callback?: () => void): this;
  /** Binds as the options name it; or takes over `fd`, and is bound when this returns. */
  bind(options: BindOptions, callback?: () => void): this;
  bind(...args: unknown[]): this {
    handleOf(this);
    const state = stateOf(this);
    if (state.binding !== 'unbound') throw alreadyBound();
    const [first, second] = args;
    const isObject = typeof first === 'object' && first !== null;
    const options = (isObject ? first : { port: first, address: second }) as BindOptions;
    if ('recvStart' in options) throw wrongType('port', 'no handle of Node', first);
    const fd = isObject ? fdIn(options) : undefined;
    if (fd !== undefined) checkUdp(fd);
    const callback = args.at(-1);
    if (typeof callback === 'function') onceListening(this, callback as () => void);
    state.binding = 'binding';
    if (fd !== undefined) adopt(this, fd);
    else bindByName(this, options);
    return this;
  }

  /**
   * Binds to a numeric address, at once; `listening` is emitted in the next tick.
   *
   * @returns where it is bound.
   * @throws Error - what the system says, ERR_SOCKET_ALREADY_BOUND, ERR_SOCKET_DGRAM_NOT_RUNNING.
   *   TypeError, RangeError - ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_SOCKET_BAD_PORT.
   */
  bindSync(options: BindSyncOptions = {}): AddressInfo {
    const handle = handleOf(this);
    if (typeof options !== 'object' || options === null) {
      throw wrongType('options', 'of type object', options);
    }
    const state = stateOf(this);
    if (state.binding !== 'unbound') throw alreadyBound();
    const port = portOf(options.port ?? 0, 'options.port', 0);
    const address = numericOf('options.address', options.address, wildcardOf(state.settings.type));
    const errno = handle.bind(address, port);
    if (errno < 0) throw systemError(errno, 'bind', [address, port]);
    startReceiving(state, handle);
    process.nextTick(() => {
      if (state.handle !== undefined) this.emit('listening');
    });
    return this.address();
  }

  /**
   * Sets the peer; emits `connect` then, or `error` when there is no callback. Binds the socket to a
   * free port when it is not bound.
   *
   * @param port - 1 to 65535.
   * @param address - a name or a numeric address; absent: this machine.
   * @param callback - called with nothing, or with the error.
   * @throws RangeError - ERR_SOCKET_BAD_PORT. TypeError - ERR_INVALID_ARG_TYPE. Error -
   *   ERR_SOCKET_DGRAM_IS_CONNECTED, ERR_SOCKET_DGRAM_NOT_RUNNING.
   */
  connect(port: number, address?: string, callback?: (error?: Error) => void): void;
  /** Sets a peer on this machine. */
  connect(port: number, callback: (error?: Error) => void): void;
  connect(port: number, ...rest: unknown[]): void {
    const number = portOf(port, 'Port', 1);
    const [first = '', second] = rest;
    const isCallback = typeof first === 'function';
    const address = isCallback ? '' : textOf('address', first);
    const callback = (isCallback ? first : second) as ((error?: Error) => void) | undefined;
    const state = stateOf(this);
    if (state.connecting !== 'disconnected') throw isConnected();
    if (state.binding === 'unbound') this.bind({ port: 0, exclusive: true });
    state.connecting = 'connecting';
    whenBound(this, () => connectByName(this, number, address, callback));
  }

  /**
   * Sets a peer by its numeric address, at once; `connect` is emitted in the next tick.
   *
   * @throws Error - what the system says, ERR_IP_BLOCKED; as `connect` and `bindSync`.
   */
  connectSync(port: number, address?: string): void {
    const handle = handleOf(this);
    const number = portOf(port, 'Port', 1);
    const state = stateOf(this);
    if (state.connecting !== 'disconnected') throw isConnected();
    const to = numericOf('address', address, loopbackOf(state.settings.type));
    if (state.binding === 'unbound') this.bindSync();
    else if (state.binding !== 'bound') throw alreadyBound();
    if (isBlocked(state, to)) throw blocked(to);
    const errno = handle.connect(to, number);
    if (errno < 0) throw systemError(errno, 'connect', [to, number]);
    state.connecting = 'connected';
    process.nextTick(() => this.emit('connect'));
  }

  /**
   * Forgets the peer.
   *
   * @throws Error - ERR_SOCKET_DGRAM_NOT_CONNECTED, or what the system says.
   */
  disconnect(): void {
    const state = stateOf(this);
    if (state.connecting !== 'connected') throw notConnected();
    checkResult(handleOf(this).disconnect(), 'connect');
    state.connecting = 'disconnected';
  }

  /**
   * Sends a datagram. Binds the socket to a free port when it is not bound; what is sent until then
   * waits. The bytes must not change before the callback is called.
   *
   * @param message - text goes as UTF-8; several buffers are one datagram.
   * @param port - 1 to 65535; absent when there is a peer.
   * @param address - a name or a numeric address; absent: this machine.
   * @param callback - called with null and the bytes sent, or with the error. Without it only errors of
   *   the lookup are reported, as `error`.
   * @throws TypeError, RangeError - ERR_INVALID_ARG_TYPE, ERR_SOCKET_BAD_PORT,
   *   ERR_BUFFER_OUT_OF_BOUNDS. Error - ERR_SOCKET_DGRAM_IS_CONNECTED: a port in spite of the peer;
   *   ERR_SOCKET_DGRAM_NOT_RUNNING.
   */
  send(
    message: string | NodeJS.ArrayBufferView | readonly (string | NodeJS.ArrayBufferView)[],
    port?: number,
    address?: string,
    callback?: SendCallback,
  ): void;
  /** Sends to a port of this machine. */
  send(
    message: string | NodeJS.ArrayBufferView | readonly (string | NodeJS.ArrayBufferView)[],
    port?: number,
    callback?: SendCallback,
  ): void;
  /** Sends to the peer. */
  send(
    message: string | NodeJS.ArrayBufferView | readonly (string | NodeJS.ArrayBufferView)[],
    callback?: SendCallback,
  ): void;
  /** Sends `length` bytes from `offset`. */
  send(
    message: string | NodeJS.ArrayBufferView,
    offset: number,
    length: number,
    port?: number,
    address?: string,
    callback?: SendCallback,
  ): void;
  /** Sends `length` bytes from `offset` to a port of this machine. */
  send(
    message: string | NodeJS.ArrayBufferView,
    offset: number,
    length: number,
    port?: number,
    callback?: SendCallback,
  ): void;
  /** Sends `length` bytes from `offset` to the peer. */
  send(
    message: string | NodeJS.ArrayBufferView,
    offset: number,
    length: number,
    callback?: SendCallback,
  ): void;
  send(...args: unknown[]): void {
    const state = stateOf(this);
    const request = sendRequestOf(args, state.connecting === 'connected');
    handleOf(this);
    if (state.binding === 'unbound') this.bind({ port: 0, exclusive: true });
    whenBound(this, () => sendByName(this, request));
  }

  /** The old name of `send` with all arguments. @throws as `send`. */
  sendto(
    message: string | NodeJS.ArrayBufferView,
    offset: number,
    length: number,
    port: number,
    address: string,
    callback?: SendCallback,
  ): void {
    numberOf('offset', offset);
    numberOf('length', length);
    numberOf('port', port);
    textOf('address', address);
    this.send(message, offset, length, port, address, callback);
  }

  /**
   * Closes the socket; emits `close` in the next tick. While it is being bound: when it is.
   *
   * @param callback - a listener for `close`.
   * @throws Error - ERR_SOCKET_DGRAM_NOT_RUNNING: it is closed.
   */
  close(callback?: () => void): this {
    const state = stateOf(this);
    if (typeof callback === 'function') this.on('close', callback);
    if (state.queue !== undefined) {
      state.queue.push(() => this.close());
      return this;
    }
    handleOf(this).close();
    end(this);
    return this;
  }

  /** As `close()`; resolves when it is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (stateOf(this).handle === undefined) return;
    await promisify((done: (error: null) => void) => this.close(() => done(null)))();
  }

  /**
   * Where it is bound.
   *
   * @throws Error - ERR_SOCKET_DGRAM_NOT_RUNNING; EBADF: it is not bound.
   */
  address(): AddressInfo {
    return addressIn(handleOf(this).getsockname(), 'getsockname');
  }

  /**
   * The peer.
   *
   * @throws Error - ERR_SOCKET_DGRAM_NOT_RUNNING, ERR_SOCKET_DGRAM_NOT_CONNECTED.
   */
  remoteAddress(): AddressInfo {
    const handle = handleOf(this);
    if (stateOf(this).connecting !== 'connected') throw notConnected();
    return addressIn(handle.getpeername(), 'getpeername');
  }

  /**
   * Allows sending to broadcast addresses, or forbids it.
   *
   * @throws Error - EBADF: it is not bound. ERR_SOCKET_DGRAM_NOT_RUNNING; so for all options below.
   */
  setBroadcast(flag: boolean): void {
    checkResult(handleOf(this).setBroadcast(Boolean(flag)), 'setBroadcast');
  }

  /**
   * Sets how many routers may pass a datagram on.
   *
   * @param ttl - 1 to 255.
   * @returns `ttl`.
   * @throws TypeError - ERR_INVALID_ARG_TYPE. Error - EINVAL: out of range; EBADF.
   */
  setTTL(ttl: number): number {
    checkResult(handleOf(this).setTTL(numberOf('ttl', ttl) | 0), 'setTTL');
    return ttl;
  }

  /**
   * The same for datagrams to groups.
   *
   * @param ttl - 0 to 255; 1 at the start.
   * @returns `ttl`.
   * @throws as `setTTL`.
   */
  setMulticastTTL(ttl: number): number {
    checkResult(handleOf(this).setMulticastTTL(numberOf('ttl', ttl) | 0), 'setMulticastTTL');
    return ttl;
  }

  /**
   * Whether sockets of this machine get what is sent to groups. true at the start.
   *
   * @returns `flag`.
   * @throws Error - EBADF.
   */
  setMulticastLoopback(flag: boolean): boolean {
    checkResult(handleOf(this).setMulticastLoopback(Boolean(flag)), 'setMulticastLoopback');
    return flag;
  }

  /**
   * Sets the interface through which datagrams to groups are sent.
   *
   * @param address - one of its addresses; for IPv6 with its zone: `'::%eth0'`.
   * @throws TypeError - ERR_INVALID_ARG_TYPE. Error - EINVAL: no address, or of the other family;
   *   EADDRNOTAVAIL: not of this machine; EBADF.
   */
  setMulticastInterface(address: string): void {
    const errno = handleOf(this).setMulticastInterface(textOf('interfaceAddress', address));
    checkResult(errno, 'setMulticastInterface');
  }

  /**
   * Receives what is sent to a group. Binds to a free port when it is not bound, and does not receive.
   *
   * @param group - a multicast address.
   * @param on - an address of an interface; for IPv6 with its zone. Absent: the system chooses.
   * @throws TypeError - ERR_MISSING_ARGS. Error - EINVAL: no address; EADDRINUSE: joined already;
   *   ENODEV: no interface for it.
   */
  addMembership(group: string, on?: string): void {
    setMembership(this, 'addMembership', true, group, on);
  }

  /** Leaves a group, with the arguments of `addMembership`. @throws EADDRNOTAVAIL: not joined. */
  dropMembership(group: string, on?: string): void {
    setMembership(this, 'dropMembership', false, group, on);
  }

  /**
   * Receives what one sender sends to a group.
   *
   * @throws TypeError - ERR_INVALID_ARG_TYPE. Error - as `addMembership`.
   */
  addSourceSpecificMembership(source: string, group: string, on?: string): void {
    setSourceMembership(this, 'addSourceSpecificMembership', true, source, group, on);
  }

  /** Undoes `addSourceSpecificMembership`, with its arguments. @throws EADDRNOTAVAIL: not joined. */
  dropSourceSpecificMembership(source: string, group: string, on?: string): void {
    setSourceMembership(this, 'dropSourceSpecificMembership', false, source, group, on);
  }

  /** Keeps the process alive while it is bound, which is so from the start. */
  ref(): this {
    stateOf(this).handle?.ref();
    return this;
  }

  /** Lets the process end although the socket is bound. */
  unref(): this {
    stateOf(this).handle?.unref();
    return this;
  }

  /**
   * Sets SO_RCVBUF.
   *
   * @param size - bytes; the kernel cuts it to its own limit.
   * @throws TypeError - ERR_SOCKET_BAD_BUFFER_SIZE. Error - ERR_SOCKET_BUFFER_SIZE: what the system
   *   says is in `info`.
   */
  setRecvBufferSize(size: number): void {
    bufferSize(handleOf(this), 'recv', size);
  }

  /** Sets SO_SNDBUF. @throws as `setRecvBufferSize`. */
  setSendBufferSize(size: number): void {
    bufferSize(handleOf(this), 'send', size);
  }

  /** SO_RCVBUF in bytes, as the system counts it. @throws Error - ERR_SOCKET_BUFFER_SIZE. */
  getRecvBufferSize(): number {
    return bufferSize(handleOf(this), 'recv', 0);
  }

  /** SO_SNDBUF in bytes, as the system counts it. @throws Error - ERR_SOCKET_BUFFER_SIZE. */
  getSendBufferSize(): number {
    return bufferSize(handleOf(this), 'send', 0);
  }

  /** Bytes that the system has had no room for yet. */
  getSendQueueSize(): number {
    return handleOf(this).waitingBytes;
  }

  /** Datagrams that the system has had no room for yet. */
  getSendQueueCount(): number {
    return handleOf(this).waitingCount;
  }
}

function setMembership(
  socket: object,
  name: string,
  isJoin: boolean,
  group: unknown,
  on: unknown,
): void {
  const handle = handleOf(socket);
  if (!group) {
    const message = 'The "multicastAddress" argument must be specified';
    throw coded(new TypeError(message), 'ERR_MISSING_ARGS');
  }
  checkResult(handle.setMembership(isJoin, nameIn(group), interfaceIn(on), undefined), name);
}

function setSourceMembership(
  socket: object,
  name: string,
  isJoin: boolean,
  source: unknown,
  group: unknown,
  on: unknown,
): void {
  const handle = handleOf(socket);
  const from = textOf('sourceAddress', source);
  const to = textOf('groupAddress', group);
  checkResult(handle.setMembership(isJoin, to, interfaceIn(on), from), name);
}

function interfaceIn(on: unknown): string | undefined {
  return on === undefined || on === null ? undefined : nameIn(on);
}

// What is no text is no address either: EINVAL.
function nameIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
