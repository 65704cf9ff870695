// The life of a socket of edgewise/dgram: what is known of it, what waits until it is bound, and the
// steps that begin with the lookup of a name. socket.ts has the members that call them.
import type { LookupOneOptions } from 'node:dns';
import { EventEmitter } from 'node:events';
import { isIP } from 'node:net';
import { coded } from '../node-errors.ts';
import { type SendCallback, type SendRequest, uint32Of } from './arguments.ts';
import { blocked, bufferSizeError, notRunning, systemError } from './errors.ts';
import type { BufferName, Handle } from './handle.ts';
import type { BindOptions, Lookup, Message, RemoteInfo, Settings, SocketType } from './options.ts';

/** The events of a socket, and what their listeners are given. */
export interface SocketEvents {
  /** The socket is closed; nothing comes after it. */
  close: [];
  /** `connect` has set the peer. */
  connect: [];
  /** Binding, connecting or sending has failed, or the network reports on an earlier datagram. */
  error: [error: Error];
  /** The socket is bound. */
  listening: [];
  /** A datagram came. */
  message: [message: Message, info: RemoteInfo];
}

/** A socket, as far as this file knows it. */
export type Emitter = EventEmitter<SocketEvents>;

/** What is known of a socket. */
export interface State {
  readonly settings: Settings;
  readonly lookup: Lookup;
  /** Undefined: the socket is closed. */
  handle: Handle | undefined;
  binding: 'unbound' | 'binding' | 'bound';
  connecting: 'disconnected' | 'connecting' | 'connected';
  /** What waits until the socket is bound; undefined: nothing does. */
  queue: (() => void)[] | undefined;
  /** Called when the socket is closed. */
  release: () => void;
}

// Not on the socket itself, which is the user's to extend.
const states = new WeakMap<object, State>();

/** Makes a socket known: it is not bound. */
export function begin(socket: object, settings: Settings, lookup: Lookup, handle: Handle): State {
  const state: State = {
    settings,
    lookup,
    handle,
    binding: 'unbound',
    connecting: 'disconnected',
    queue: undefined,
    release: () => undefined,
  };
  states.set(socket, state);
  return state;
}

export function stateOf(socket: object): State {
  const state = states.get(socket);
  if (state === undefined) throw notRunning(); // its constructor was never called
  return state;
}

export function handleOf(socket: object): Handle {
  const { handle } = stateOf(socket);
  if (handle === undefined) throw notRunning();
  return handle;
}

export function wildcardOf(type: SocketType): string {
  return type === 'udp4' ? '0.0.0.0' : '::';
}

export function loopbackOf(type: SocketType): string {
  return type === 'udp4' ? '127.0.0.1' : '::1';
}

/** A listener for the next `listening`, which an error takes away. */
export function onceListening(socket: Emitter, callback: () => void): void {
  const emitter: EventEmitter = socket;
  const forget = () => {
    emitter.off(EventEmitter.errorMonitor, forget);
    emitter.off('listening', listen);
  };
  const listen = () => {
    forget();
    callback.call(socket);
  };
  emitter.on(EventEmitter.errorMonitor, forget);
  emitter.on('listening', listen);
}

/** Calls now, or when the socket is bound; never, when that fails. */
export function whenBound(socket: Emitter, call: () => void): void {
  const state = stateOf(socket);
  if (state.binding === 'bound' && state.queue === undefined) {
    call();
    return;
  }
  state.queue ??= [];
  state.queue.push(call);
}

/** The socket is bound: it receives, and says so. */
function succeed(socket: Emitter, state: State, handle: Handle): void {
  startReceiving(state, handle);
  try {
    socket.emit('listening');
  } finally {
    const { queue = [] } = state;
    state.queue = undefined;
    for (const call of queue) call();
  }
}

/** The socket cannot be bound: what waits is forgotten. */
function fail(socket: Emitter, state: State, error: Error): void {
  state.binding = 'unbound';
  state.connecting = 'disconnected';
  state.queue = undefined;
  socket.emit('error', error);
}

/** The handle is bound. */
export function startReceiving(state: State, handle: Handle): void {
  const { recvBufferSize, sendBufferSize } = state.settings;
  state.binding = 'bound';
  handle.startReceiving();
  if (recvBufferSize) bufferSize(handle, 'recv', recvBufferSize);
  if (sendBufferSize) bufferSize(handle, 'send', sendBufferSize);
}

/** Forgets the handle; emits `close` in the next tick. */
export function end(socket: Emitter): void {
  const state = stateOf(socket);
  state.handle = undefined;
  state.release();
  process.nextTick(() => socket.emit('close'));
}

function lookUp(
  socket: Emitter,
  address: string | undefined,
  callback: (reason: Error | null, ip: string) => void,
): void {
  const { lookup, settings } = stateOf(socket);
  const family = settings.type === 'udp4' ? 4 : 6;
  // Node gives the family in the place of the options.
  lookup(address || loopbackOf(settings.type), family as unknown as LookupOneOptions, callback);
}

export function isBlocked({ settings }: State, ip: string): boolean {
  return settings.sendBlockList?.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4') === true;
}

/** Takes over a descriptor. @throws Error - what the system says. */
export function adopt(socket: Emitter, fd: number): void {
  const state = stateOf(socket);
  const handle = handleOf(socket);
  const errno = handle.open(fd);
  if (errno < 0) {
    state.binding = 'unbound';
    throw systemError(errno, 'open');
  }
  succeed(socket, state, handle);
}

/** Binds to a name; emits `listening`, or `error`. @throws what the lookup does */
export function bindByName(socket: Emitter, { address, port }: BindOptions): void {
  const state = stateOf(socket);
  const name = typeof address === 'function' ? undefined : address;
  try {
    lookUp(socket, name || wildcardOf(state.settings.type), (reason, ip) => {
      const { handle } = state;
      if (handle === undefined) return; // closed meanwhile
      // As Node: of a port what there is in sixteen bits.
      const errno = reason ? 0 : handle.bind(ip, uint32Of(port) & 0xffff);
      if (reason) fail(socket, state, reason);
      else if (errno < 0) fail(socket, state, systemError(errno, 'bind', [ip, port]));
      else succeed(socket, state, handle);
    });
  } catch (error) {
    if (state.binding === 'binding') state.binding = 'unbound'; // it never began
    throw error;
  }
}

/** Sets the peer; emits `connect`, or calls back with the error, or emits it. */
export function connectByName(
  socket: Emitter,
  port: number,
  address: string,
  callback: ((error?: Error) => void) | undefined,
): void {
  const state = stateOf(socket);
  if (callback) socket.once('connect', callback);
  lookUp(socket, address, (reason, ip) => {
    const { handle } = state;
    if (handle === undefined) return; // closed meanwhile
    const error = reason || connectNow(state, handle, ip, [address, port]);
    state.connecting = error ? 'disconnected' : 'connected';
    process.nextTick(() => {
      if (error && callback) {
        socket.off('connect', callback);
        callback(error);
      } else if (error) socket.emit('error', error);
      else socket.emit('connect');
    });
  });
}

function connectNow(
  state: State,
  handle: Handle,
  ip: string,
  place: readonly [address: string, port: number],
): Error | undefined {
  if (isBlocked(state, ip)) return blocked(ip);
  const errno = handle.connect(ip, place[1]);
  return errno < 0 ? systemError(errno, 'connect', place) : undefined;
}

/** Sends to a name, or to the peer; calls back. */
export function sendByName(socket: Emitter, request: SendRequest): void {
  const { address, port, callback } = request;
  if (port === 0) {
    sendNow(socket, request, undefined);
    return;
  }
  lookUp(socket, address, (reason, ip) => {
    if (reason && callback) process.nextTick(callback, reason);
    else if (reason) process.nextTick(() => socket.emit('error', reason));
    else sendNow(socket, request, ip);
  });
}

function sendNow(socket: Emitter, request: SendRequest, ip: string | undefined): void {
  const state = stateOf(socket);
  const { bytes, port, address, callback } = request;
  if (state.handle === undefined) return; // closed meanwhile
  if (ip !== undefined && isBlocked(state, ip)) {
    if (callback) process.nextTick(callback, blocked(ip));
    return;
  }
  const report = (result: number) => {
    const args: unknown[] =
      result >= 0 ? [null, result] : [systemError(result, 'send', [address, port])];
    Reflect.apply(callback as SendCallback, undefined, args);
  };
  const to = ip === undefined ? undefined : { address: ip, port };
  state.handle.send(bytes, to, callback && report);
}

export function bufferSize(handle: Handle, name: BufferName, size: number): number {
  if (typeof size !== 'number' || size >>> 0 !== size) {
    const message = 'Buffer size must be a positive integer';
    throw coded(new TypeError(message), 'ERR_SOCKET_BAD_BUFFER_SIZE');
  }
  const result = handle.bufferSize(name, size);
  if (result < 0) throw bufferSizeError(result, `uv_${name}_buffer_size`);
  return result;
}
