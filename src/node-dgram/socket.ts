// Socket of node:dgram over `bindDatagram`: a function as in Node, so that it can be called without
// `new`, and on an object that util.inherits has given its prototype.
import { Socket as NodeSocket } from 'node:dgram';
import { channel } from 'node:diagnostics_channel';
import { addAbortListener, EventEmitter } from 'node:events';
import { native } from '../native.ts';
import { systemError } from './errors.ts';
import { Handle } from './handle.ts';
import { begin, end, stateOf } from './life.ts';
import { SocketMembers } from './members.ts';
import {
  checkSignal,
  type Lookup,
  type MessageListener,
  type SocketOptions,
  type SocketType,
  settingsOf,
} from './options.ts';

const sockets = channel('udp.socket');

/** A datagram socket, as Socket of node:dgram; docs/compat.md lists what differs. */
export type Socket = SocketMembers;

/** `Socket`: with `new`, without it, and on an object that was given its prototype by util.inherits. */
export interface SocketConstructor {
  /**
   * Makes a socket that is not bound.
   *
   * @param type - the family, or options.
   * @param callback - a listener of `message`.
   * @throws TypeError, RangeError - ERR_SOCKET_BAD_TYPE, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
   */
  new (type: SocketType | SocketOptions, callback?: MessageListener): Socket;
  /** The same. */
  (type: SocketType | SocketOptions, callback?: MessageListener): Socket;
  /** Of all sockets. */
  readonly prototype: Socket;
}

/** As Socket of node:dgram. */
export const Socket = function Socket(
  this: Socket | undefined,
  type: SocketType | SocketOptions,
  callback?: MessageListener,
): Socket | undefined {
  if (!(this instanceof SocketMembers)) return new Constructor(type, callback);
  (EventEmitter as unknown as (this: object) => void).call(this);
  initialize(this, type, callback);
  return undefined;
} as unknown as SocketConstructor;
const Constructor = Socket; // inside the function its name is the function
Object.setPrototypeOf(Socket, EventEmitter);
// Programs ask of a socket that they were given, which may be one of Node, whether it is of this class.
Object.defineProperty(Socket, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    const isOurs = Reflect.apply(Function.prototype[Symbol.hasInstance], this, [value]);
    return isOurs || (this === Socket && value instanceof NodeSocket);
  },
});
Object.defineProperty(Socket, 'prototype', { value: SocketMembers.prototype });
Object.defineProperty(SocketMembers.prototype, 'constructor', { value: Socket });

function initialize(socket: Socket, type: unknown, callback: MessageListener | undefined): void {
  const settings = settingsOf(type);
  const { receiveBlockList, lookup = native.lookup as Lookup } = settings;
  const handle = new Handle(settings, {
    onMessage(bytes, info) {
      if (receiveBlockList?.check(info.address, info.family === 'IPv6' ? 'ipv6' : 'ipv4')) return;
      socket.emit('message', bytes, info);
    },
    onError: (errno) => socket.emit('error', systemError(errno, 'recvmsg')),
    onGone(error) {
      end(socket);
      socket.emit('error', error);
    },
  });
  begin(socket, settings, lookup, handle);
  Object.assign(socket, { type: settings.type });
  if (typeof callback === 'function') socket.on('message', callback);
  if (settings.signal !== undefined) closeBy(socket, settings.signal);
  if (sockets.hasSubscribers) sockets.publish({ socket });
}

function closeBy(socket: Socket, signal: AbortSignal): void {
  checkSignal(signal);
  const close = () => {
    if (stateOf(socket).handle !== undefined) socket.close();
  };
  if (signal.aborted) {
    close();
    return;
  }
  const listening = addAbortListener(signal, close);
  stateOf(socket).release = () => listening[Symbol.dispose]();
}
