// The addresses that net.Socket has. The kernel is asked once for each, as soon as there is one, so
// that they are known after the connection has gone too.
import type { SocketAddress } from '../address.ts';

interface Addressed {
  readonly remoteAddress: SocketAddress | undefined;
  readonly localAddress: SocketAddress | undefined;
}

/** The addresses of the connection of a stream. */
export class KnownAddresses {
  #connection: Addressed | undefined = undefined;
  #remote: SocketAddress | undefined = undefined;
  #local: SocketAddress | undefined = undefined;

  /** Asks for the peer's address of a connection; undefined: there is none any more. */
  learn(connection: Addressed | undefined): void {
    this.#connection = connection;
    this.#remote = internetAddress(connection?.remoteAddress);
    this.#local = undefined;
  }

  /** The peer's address; undefined before it is connected, and of a Unix socket. */
  get remote(): SocketAddress | undefined {
    return this.#remote;
  }

  /** Our address; undefined before it is connected, and of a Unix socket. */
  get local(): SocketAddress | undefined {
    this.#local ??= internetAddress(this.#connection?.localAddress);
    return this.#local;
  }
}

// As in node:net, a Unix socket has none.
function internetAddress(address: SocketAddress | undefined): SocketAddress | undefined {
  const family = address?.family;
  return family === 'IPv4' || family === 'IPv6' ? address : undefined;
}
