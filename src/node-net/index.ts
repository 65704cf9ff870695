// The table of contents of `edgewise/net`: the names and the behaviour of node:net over the reactor,
// so that the import is the one line that changes. docs/compat.md lists what is not there.
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { connect } from './connect.ts';
import { createServer } from './create-server.ts';
import { Server } from './server.ts';
import { Socket } from './socket.ts';

export type { ConnectionListener, ServerListenOptions, ServerOptions } from './server.ts';
export type { SocketConnectOptions, SocketOptions } from './socket.ts';
export {
  BlockList,
  connect,
  connect as createConnection,
  createServer,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  Socket,
  SocketAddress,
};

/** What `import net from 'edgewise/net'` gives. */
const net = {
  /** As of node:net. */
  BlockList,
  /** See `connect`. */
  connect,
  /** The same as `connect`. */
  createConnection: connect,
  /** See `createServer`. */
  createServer,
  /** As of node:net. */
  isIP,
  /** As of node:net. */
  isIPv4,
  /** As of node:net. */
  isIPv6,
  /** See `Server`. */
  Server,
  /** See `Socket`. */
  Socket,
  /** As of node:net. */
  SocketAddress,
  /** The same class as `Socket`. */
  Stream: Socket,
};

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
