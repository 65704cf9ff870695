// Which socket has which address: ports of hosts, paths, and abstract names of Unix sockets. A path is a file
// that outlives its socket, until it is unlinked. ip(7), unix(7), SO_REUSEADDR and SO_REUSEPORT of socket(7).
import { constants } from 'node:os';
import type { Native } from '../../native.ts';
import { constants as names } from '../../sys/constants.ts';
import { Address } from './address.ts';
import type { Socket } from './socket.ts';

const { EADDRINUSE, ECONNREFUSED, ENOENT, EPROTOTYPE } = constants.errno;
const { SOL_SOCKET, SO_REUSEADDR, SO_REUSEPORT, IPPROTO_IPV6, IPV6_V6ONLY } = names;
// From the range that Linux takes them from.
const FIRST_PORT = 32_768;
const LAST_PORT = 60_999;

/** The file of a Unix socket. */
export interface SocketFile {
  readonly ino: number;
  mode: number;
  /** undefined: the socket was closed. */
  socket: Socket | undefined;
}

/** The names that are taken. */
export class Names {
  /** By path; abstract names begin with @, and are no files. */
  readonly files = new Map<string, SocketFile>();
  readonly #native: Native;
  readonly #byPort = new Map<string, Socket[]>();
  #nextPort = FIRST_PORT;
  #nextIno = 1;

  constructor(native: Native) {
    this.#native = native;
  }

  /** Gives a socket a name that is free. @returns 0 or -errno. */
  take(socket: Socket, address: Address): number {
    if (address.host === '') return this.#takeFile(socket, address);
    const named = address.port === 0 ? this.withFreePort(socket, address.host) : address;
    if (named === undefined) return -EADDRINUSE;
    if (this.#isTaken(socket, named.host, named.port)) return -EADDRINUSE;
    const key = keyOf(socket.isStream, named.port);
    this.#byPort.set(key, [...(this.#byPort.get(key) ?? []), socket]);
    socket.local = named;
    socket.isBound = address.port !== 0;
    socket.onRelease = () => this.#release(key, socket);
    return 0;
  }

  /** An address with a port that no one has; undefined: there is none left. */
  withFreePort(socket: Socket, host: string): Address | undefined {
    for (let tries = LAST_PORT - FIRST_PORT; tries >= 0; tries--) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_PORT ? FIRST_PORT : port + 1;
      if (!this.#byPort.has(keyOf(socket.isStream, port))) {
        return Address.inet(this.#native, host, port);
      }
    }
    return undefined;
  }

  /** The socket that gets what is sent to an address of a host. */
  atPort(isStream: boolean, address: Address): Socket | undefined {
    const sockets = this.#byPort.get(keyOf(isStream, address.port)) ?? [];
    const fitting = sockets.filter(({ listening }) => !isStream || listening !== undefined);
    const exact = fitting.filter(({ local }) => local.host === address.host);
    const [first, ...others] =
      exact.length > 0
        ? exact
        : fitting.filter((each) => covers(each, each.local.host, address.host));
    // Of those that share a port each takes its turn.
    if (first !== undefined && others.length > 0) {
      sockets.splice(sockets.indexOf(first), 1);
      sockets.push(first);
    }
    return first;
  }

  /** The socket behind a path or an abstract name; -errno: there is none. */
  atPath(isStream: boolean, { place }: Address): Socket | number {
    const file = this.files.get(place);
    if (file === undefined) return place.startsWith('@') ? -ECONNREFUSED : -ENOENT;
    if (file.socket === undefined) return -ECONNREFUSED;
    return file.socket.isStream === isStream ? file.socket : -EPROTOTYPE;
  }

  #takeFile(socket: Socket, address: Address): number {
    const { place } = address;
    if (this.files.has(place)) return -EADDRINUSE;
    const file: SocketFile = { ino: this.#nextIno++, mode: 0o755, socket };
    this.files.set(place, file);
    socket.local = address;
    socket.isBound = true;
    socket.onRelease = () => {
      file.socket = undefined;
      if (place.startsWith('@')) this.files.delete(place);
    };
    return 0;
  }

  #release(key: string, socket: Socket): void {
    const others = (this.#byPort.get(key) ?? []).filter((other) => other !== socket);
    if (others.length === 0) this.#byPort.delete(key);
    else this.#byPort.set(key, others);
  }

  #isTaken(socket: Socket, host: string, port: number): boolean {
    return (this.#byPort.get(keyOf(socket.isStream, port)) ?? []).some((other) => {
      const its = other.local.host;
      const overlap = its === host || covers(socket, host, its) || covers(other, its, host);
      return overlap && !share(socket, other);
    });
  }
}

/** Whether a socket at a wildcard gets what is for a host. ipv6(7), IPV6_V6ONLY. */
function covers(socket: Socket, wildcard: string, host: string): boolean {
  const isV6 = host.includes(':');
  if (wildcard === '0.0.0.0') return !isV6;
  return wildcard === '::' && (isV6 || !socket.hasOption(IPPROTO_IPV6, IPV6_V6ONLY));
}

/** Whether two sockets may have the same name. */
function share(one: Socket, other: Socket): boolean {
  const both = (option: number): boolean =>
    one.hasOption(SOL_SOCKET, option) && other.hasOption(SOL_SOCKET, option);
  return both(SO_REUSEPORT) || (both(SO_REUSEADDR) && other.listening === undefined);
}

function keyOf(isStream: boolean, port: number): string {
  return `${isStream ? 'stream' : 'datagram'} ${port}`;
}
