// The table of contents of `edgewise/net`: the names and the behaviour of node:net over the reactor,
// so that the import is the one line that changes. docs/compat.md lists what is not there.
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { normalize } from './arguments.ts';
import { connect } from './connect.ts';
import { createServer } from './create-server.ts';
import {
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from './defaults.ts';
import { Server } from './server.ts';
import { Socket } from './socket.ts';

export type { Callable, Constructor } from '../stream/callable.ts';
export type { ConnectionListener, ServerClass } from './server.ts';
export type { ServerListenOptions, ServerOptions } from './server-options.ts';
export type { SocketClass } from './socket.ts';
export type { OnReadOptions, SocketConnectOptions, SocketOptions } from './socket-options.ts';
export {
  BlockList,
  connect,
  connect as createConnection,
  createServer,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  Socket,
  Socket as Stream,
  SocketAddress,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
};

/** What `import net from 'edgewise/net'` gives. */
export interface Net {
  /** @internal the arguments of `connect` and `listen` by name */
  _normalizeArgs: typeof normalize;
  /** As of node:net. */
  BlockList: typeof BlockList;
  /** As of node:net. */
  SocketAddress: typeof SocketAddress;
  /** See `connect`. */
  connect: typeof connect;
  /** The same as `connect`. */
  createConnection: typeof connect;
  /** See `createServer`. */
  createServer: typeof createServer;
  /** As of node:net. */
  isIP: typeof isIP;
  /** As of node:net. */
  isIPv4: typeof isIPv4;
  /** As of node:net. */
  isIPv6: typeof isIPv6;
  /** See `Server`. */
  Server: typeof Server;
  /** See `Socket`. */
  Socket: typeof Socket;
  /** The same class as `Socket`. */
  Stream: typeof Socket;
  /** See `getDefaultAutoSelectFamily`. */
  getDefaultAutoSelectFamily: typeof getDefaultAutoSelectFamily;
  /** See `setDefaultAutoSelectFamily`. */
  setDefaultAutoSelectFamily: typeof setDefaultAutoSelectFamily;
  /** See `getDefaultAutoSelectFamilyAttemptTimeout`. */
  getDefaultAutoSelectFamilyAttemptTimeout: typeof getDefaultAutoSelectFamilyAttemptTimeout;
  /** See `setDefaultAutoSelectFamilyAttemptTimeout`. */
  setDefaultAutoSelectFamilyAttemptTimeout: typeof setDefaultAutoSelectFamilyAttemptTimeout;
}

/** The default import: a plain object, as that of node:net; programs put functions of their own in it. */
const net: Net = {
  _normalizeArgs: normalize,
  BlockList,
  SocketAddress,
  connect,
  createConnection: connect,
  createServer,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  Socket,
  Stream: Socket,
  getDefaultAutoSelectFamily,
  setDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamilyAttemptTimeout,
};
// For `require('edgewise/net').default`, and for compilers that make that of a default import.
Object.defineProperty(net, 'default', { value: net, configurable: true, writable: true });

/** The types of the default import: `net.Socket` of `import net from 'edgewise/net'`. */
declare namespace net {
  /** As of node:net. */
  type BlockList = import('node:net').BlockList;
  /** See {@link Server}. */
  type Server = import('./server.ts').Server;
  /** See {@link Socket}. */
  type Socket = import('./socket.ts').Socket;
  /** As of node:net. */
  type SocketAddress = import('node:net').SocketAddress;
  /** The same as `Socket`. */
  type Stream = Socket;
}

// biome-ignore lint/style/noDefaultExport: `import net from 'node:net'` is how programs write it
export default net;
// What `require` answers of an ES module that has this name.
export { net as 'module.exports' };
