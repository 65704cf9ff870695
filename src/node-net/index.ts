// `edgewise/net`: the names and the behaviour of node:net over the reactor, so that the import is
// the one line that changes. docs/compat.md says what is not there.
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { normalize } from './arguments.ts';
import {
  type ConnectionListener,
  Server,
  type ServerListenOptions,
  type ServerOptions,
} from './server.ts';
import { Socket, type SocketConnectOptions, type SocketOptions } from './socket.ts';

/** As createServer of node:net: (options, listener of `connection`), either of them or none. */
export function createServer(
  options?: ServerOptions | ConnectionListener,
  onConnection?: ConnectionListener,
): Server {
  return new Server(options, onConnection);
}

/** As connect of node:net: (options), (port, host) or (path), and a listener of `connect`. */
export function connect(...args: unknown[]): Socket {
  const { options } = normalize(args, ['host']);
  return new Socket(options as SocketOptions).connect(...args);
}

/** The same as {@link connect}. */
export function createConnection(...args: unknown[]): Socket {
  return connect(...args);
}

export {
  BlockList,
  type ConnectionListener,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  type ServerListenOptions,
  type ServerOptions,
  Socket,
  SocketAddress,
  type SocketConnectOptions,
  type SocketOptions,
};

const net = {
  ...{ BlockList, connect, createConnection, createServer, isIP, isIPv4, isIPv6 },
  ...{ Server, Socket, SocketAddress, Stream: Socket },
};

/** The types of the default import: `net.Socket` of `import net from 'edgewise/net'`. */
declare namespace net {
  type BlockList = import('node:net').BlockList;
  type Server = import('./server.ts').Server;
  type Socket = import('./socket.ts').Socket;
  type SocketAddress = import('node:net').SocketAddress;
  type Stream = Socket;
}

// biome-ignore lint/style/noDefaultExport: `import net from 'node:net'` is how programs say it
export default net;
