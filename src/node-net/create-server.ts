// createServer() of node:net.
import { type ConnectionListener, Server, type ServerOptions } from './server.ts';

/**
 * As createServer of node:net.
 *
 * @param connectionListener - a listener of `connection`.
 */
export function createServer(connectionListener?: ConnectionListener): Server;
/** As createServer of node:net, with options. */
export function createServer(
  options?: ServerOptions | null,
  connectionListener?: ConnectionListener,
): Server;
export function createServer(
  options?: ServerOptions | null | ConnectionListener,
  connectionListener?: ConnectionListener,
): Server {
  return new Server(options as ServerOptions, connectionListener);
}
