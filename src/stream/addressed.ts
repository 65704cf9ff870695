// The members of net.Socket that tell of addresses. The kernel is asked once for each, as soon as
// there is one, so that they can be told after the connection has gone too.
import { Duplex } from 'node:stream';
import type { SocketAddress } from '../address.ts';
import type { Connection } from '../net/connection/connection.ts';

type Addressed = Pick<Connection, 'remoteAddress' | 'localAddress'>;

/** A Duplex with the addresses of a connection. */
export abstract class AddressedDuplex extends Duplex {
  #connection: Addressed | undefined = undefined;
  #remote: SocketAddress | undefined = undefined;
  #local: SocketAddress | undefined = undefined;

  /** The peer's IP address; undefined before it is connected, and of a Unix socket. */
  get remoteAddress(): string | undefined {
    return this.#remote?.address;
  }

  get remotePort(): number | undefined {
    return this.remoteAddress === undefined ? undefined : this.#remote?.port;
  }

  /** `'IPv4'` or `'IPv6'`. */
  get remoteFamily(): string | undefined {
    return this.remoteAddress === undefined ? undefined : this.#remote?.family;
  }

  /** Our IP address; undefined before it is connected, and of a Unix socket. */
  get localAddress(): string | undefined {
    return this.#ours?.address;
  }

  get localPort(): number | undefined {
    return this.localAddress === undefined ? undefined : this.#ours?.port;
  }

  /** `'IPv4'` or `'IPv6'`. */
  get localFamily(): string | undefined {
    return this.localAddress === undefined ? undefined : this.#ours?.family;
  }

  /** Our address; an empty object without one, as of a Unix socket. */
  address(): { address?: string; family?: string; port?: number } {
    const ours = this.#ours;
    if (ours?.address === undefined || ours.family === undefined) return {};
    return { address: ours.address, family: ours.family, port: ours.port };
  }

  /** @internal it is connected; undefined: not any more */
  protected learnAddresses(connection: Addressed | undefined): void {
    this.#connection = connection;
    this.#remote = connection?.remoteAddress;
    this.#local = undefined;
  }

  get #ours(): SocketAddress | undefined {
    this.#local ??= this.#connection?.localAddress;
    return this.#local;
  }
}
