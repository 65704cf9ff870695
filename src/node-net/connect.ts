// connect() of node:net, which createConnection() is another name of.
import diagnostics from 'node:diagnostics_channel';
import { normalize } from './arguments.ts';
import { Socket } from './socket.ts';
import type { SocketConnectOptions, SocketOptions } from './socket-options.ts';

const clientSocketChannel = diagnostics.channel('net.client.socket');

/**
 * As connect of node:net: a socket that is connecting.
 *
 * @param options - a `port` or a `path` at least.
 * @param connectionListener - a listener for `connect`.
 * @throws as `connect` of {@link Socket}.
 */
export function connect(options: SocketConnectOptions, connectionListener?: () => void): Socket;
/** Connects to a port of a host; default: this machine. */
export function connect(port: number, host?: string, connectionListener?: () => void): Socket;
/** Connects to a Unix socket. */
export function connect(path: string, connectionListener?: () => void): Socket;
export function connect(...args: unknown[]): Socket {
  const normalized = normalize(args);
  const [options] = normalized;
  const socket = new Socket(options as SocketOptions);
  if (clientSocketChannel.hasSubscribers) clientSocketChannel.publish({ socket });
  if (options.timeout) socket.setTimeout(options.timeout as number);
  return socket.connect(normalized as never); // as in Node, for what has taken its place
}
