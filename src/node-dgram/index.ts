// The table of contents of `edgewise/dgram`: the names and the behaviour of node:dgram over the
// reactor, so that the import is the one line that changes. docs/compat.md lists what differs.
import type { MessageListener, SocketOptions, SocketType } from './options.ts';
import { Socket } from './socket.ts';

export type { SendCallback } from './arguments.ts';
export type { SocketEvents } from './life.ts';
export type { SocketMembers } from './members.ts';
export type {
  BindOptions,
  BindSyncOptions,
  Lookup,
  Message,
  MessageListener,
  RemoteInfo,
  SocketOptions,
  SocketType,
} from './options.ts';
export type { SocketConstructor } from './socket.ts';
export { createSocket, Socket };

/**
 * As createSocket of node:dgram: a socket that is not bound.
 *
 * @param type - the family.
 * @param callback - a listener of `message`.
 * @throws TypeError, RangeError - ERR_SOCKET_BAD_TYPE, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
function createSocket(type: SocketType, callback?: MessageListener): Socket;
/** As createSocket of node:dgram, with options. */
function createSocket(options: SocketOptions, callback?: MessageListener): Socket;
function createSocket(type: SocketType | SocketOptions, callback?: MessageListener): Socket {
  return new Socket(type, callback);
}

/** What `import dgram from 'edgewise/dgram'` and `require('edgewise/dgram')` give. */
const dgram = {
  /** See `createSocket`. */
  createSocket,
  /** See `Socket`. */
  Socket,
};

/** The types of the default import: `dgram.Socket` of `import dgram from 'edgewise/dgram'`. */
declare namespace dgram {
  /** See {@link BindOptions}. */
  type BindOptions = import('./options.ts').BindOptions;
  /** See {@link RemoteInfo}. */
  type RemoteInfo = import('./options.ts').RemoteInfo;
  /** See {@link Socket}. */
  type Socket = import('./socket.ts').Socket;
  /** See {@link SocketOptions}. */
  type SocketOptions = import('./options.ts').SocketOptions;
  /** See {@link SocketType}. */
  type SocketType = import('./options.ts').SocketType;
}

// biome-ignore lint/style/noDefaultExport: `import dgram from 'node:dgram'` is how programs write it
export default dgram;
export { dgram as 'module.exports' };
