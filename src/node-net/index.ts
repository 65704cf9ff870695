// The table of contents of `edgewise/net`: the names and the behaviour of node:net over the reactor,
// so that the import is the one line that changes. docs/compat.md lists what is not there.
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { connect, createConnection } from './connect.ts';
import { createServer } from './create-server.ts';
import { Server } from './server.ts';
import { Socket } from './socket.ts';

export type { ConnectionListener, ServerListenOptions, ServerOptions } from './server.ts';
export type { SocketConnectOptions, SocketOptions } from './socket.ts';
export {
  BlockList,
  connect,
  createConnection,
  createServer,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  Socket,
  SocketAddress,
};

const net = {
  BlockList,
  connect,
  createConnection,
  createServer,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  Socket,
  SocketAddress,
  Stream: Socket,
};

/** The types of the default import: `net.Socket` of `import net from 'edgewise/net'`. */
declare namespace net {
  type BlockList = import('node:net').BlockList;
  type Server = import('./server.ts').Server;
  type Socket = import('./socket.ts').Socket;
  type SocketAddress = import('node:net').SocketAddress;
  type Stream = Socket;
}

// biome-ignore lint/style/noDefaultExport: `import net from 'node:net'` is how programs write it
export default net;
