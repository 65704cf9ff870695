// How sockets become connected: the handshake with a backlog that may be full, and refusals; and datagrams on
// their way.
import { constants } from 'node:os';
import type { Native } from '../../native.ts';
import { constants as names } from '../../sys/constants.ts';
import { Address } from './address.ts';
import type { Clock } from './clock.ts';
import type { Journal } from './journal.ts';
import { ALONE, Link, type LinkFaults, NO_FAULTS } from './link.ts';
import { Names } from './names.ts';
import type { PassedFile } from './open-file.ts';
import { type Packet, Rules } from './packet.ts';
import { Resets } from './resets.ts';
import { type Datagram, Socket } from './socket.ts';
import { sizesOf } from './socket-options.ts';
import { type BufferSizes, StreamEnd } from './stream.ts';
import type { Tape } from './tape.ts';

const {
  EACCES,
  EADDRNOTAVAIL,
  EAGAIN,
  ECONNREFUSED,
  EINPROGRESS,
  EINVAL,
  EISCONN,
  EMSGSIZE,
  ENETUNREACH,
  EPERM,
  ETIMEDOUT,
} = constants.errno;
const NS_PER_S = 1e9;
/** Of all networks, and of loopback. */
const BROADCASTS = ['255.255.255.255', '127.255.255.255'];
/** Of one packet of IPv4. */
const UDP_BYTES_MAX = 65_507;
/** When a SYN that was not answered is sent again, after the one before. tcp(7), tcp_syn_retries. */
const SYN_RETRIES_S = [1, 2, 4, 8, 16, 32];

/** What a network is made of. */
export interface NetworkParts {
  readonly native: Native;
  readonly clock: Clock;
  readonly tape: Tape;
  readonly journal: Journal;
  readonly faults: LinkFaults;
  readonly sizes: BufferSizes;
}

/** All sockets of a simulated machine that have an address. */
export class Network {
  readonly names: Names;
  /** What tests do to packets. */
  readonly rules = new Rules();
  readonly resets = new Resets();
  readonly #parts: NetworkParts;
  readonly #links = new Map<string, Link>();
  readonly #memory: Link;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
    this.names = new Names(parts.native);
    this.#memory = new Link({ ...parts, rules: this.rules }, NO_FAULTS, true);
  }

  /** The way between this machine and a host. */
  linkTo(host: string): Link {
    let link = this.#links.get(host);
    if (link === undefined) {
      link = new Link({ ...this.#parts, rules: this.rules }, this.#parts.faults);
      this.#links.set(host, link);
    }
    return link;
  }

  /** @returns 0 or -errno, as bind(2). */
  bind(socket: Socket, address: Address): number {
    const isFreed = socket.stream?.isOver === true && this.freePort(socket);
    if (socket.local.isNamed) return -EINVAL;
    const result = this.names.take(socket, address);
    socket.isBound ||= isFreed && result === 0;
    return result;
  }

  /** The port of a connection is free again when it is over. @returns whether it is. */
  freePort(socket: Socket): boolean {
    if (socket.isBound) return false;
    socket.onRelease();
    socket.onRelease = () => undefined;
    socket.local = Address.none(this.#parts.native, socket.domain);
    return true;
  }

  /** Gives a socket that is to listen a port of its own when it has none. @returns 0 or -errno. */
  nameListener(socket: Socket): number {
    if (socket.local.isNamed) return 0;
    return socket.isUnix ? -EINVAL : this.bind(socket, socket.local);
  }

  /** The same for one that sends datagrams, which a Unix socket does without a name. */
  nameSender(socket: Socket): void {
    if (!socket.local.isNamed && !socket.isUnix) this.bind(socket, socket.local);
  }

  /** Two connected ends of a Unix socket. */
  pair(first: Socket, second: Socket): void {
    if (first.isStream) this.#join(first, second, this.#memory);
    else {
      first.connectTo(second);
      second.connectTo(first);
    }
  }

  /** @returns 0 or -errno, as connect(2). */
  connect(socket: Socket, address: Address): number {
    if (!socket.isStream) return this.#associate(socket, address);
    if (address.host === '') return this.#connectLocal(socket, address);
    if (address.isMulticast) return -ENETUNREACH;
    const to = address.isWildcard ? this.#at(loopbackOf(address), address.port) : address;
    if (!this.#hasPort(socket, to)) return -EADDRNOTAVAIL;
    socket.remote = to;
    socket.isConnecting = true;
    this.#sendSyn(socket, to, 0);
    return -EINPROGRESS;
  }

  /** Has a datagram on its way. @returns its length or -errno, as sendto(2). */
  deliver(
    from: Socket,
    to: Address | Socket,
    bytes: Uint8Array,
    files: readonly PassedFile[] = [],
  ): number {
    if (to instanceof Socket || to.host === '') return this.#deliverLocal(from, to, bytes, files);
    if (bytes.length > UDP_BYTES_MAX) return -EMSGSIZE;
    if (isForbidden(from, to)) return -EACCES;
    if (to.port === 0) return -EINVAL;
    const target = to.isWildcard ? this.#at(loopbackOf(to), to.port) : to;
    const datagram = {
      bytes: new Uint8Array(bytes),
      from: this.#sourceOf(from, target),
      files: [],
    };
    const packet = packetOf('udp', 'data', datagram.from, target, datagram.bytes);
    const link = this.linkTo(target.host);
    link.carryDatagram(packet, () => this.#arrive(from, target, datagram));
    // The memory of the datagram is given back.
    from.watchers.notify('space', 0);
    return bytes.length;
  }

  #arrive(from: Socket, to: Address, datagram: Datagram): void {
    const target = this.names.atPort(false, to);
    if (target?.takesFrom(datagram.from) !== true) {
      // ICMP: only a socket that is connected to where it went is notified.
      if (from.remote?.text === to.text) this.#fail(from, ECONNREFUSED);
      return;
    }
    const room = sizesOf(target, this.#parts.sizes).receive - target.datagramBytes;
    if (datagram.bytes.length <= room) target.accept(datagram);
  }

  #deliverLocal(
    from: Socket,
    to: Address | Socket,
    bytes: Uint8Array,
    files: readonly PassedFile[],
  ): number {
    const target = to instanceof Socket ? to : this.names.atPath(false, to);
    if (typeof target === 'number') return target;
    if (target.isReleased) {
      from.connectTo(undefined);
      return -ECONNREFUSED;
    }
    if (target.peer !== undefined && target.peer !== from) return -EPERM;
    const { send } = sizesOf(from, this.#parts.sizes);
    if (bytes.length > send) return -EMSGSIZE;
    if (!target.hasRoomFor(from, bytes.length, send)) return -EAGAIN;
    target.accept({ bytes: new Uint8Array(bytes), from: from.local, files, sender: from });
    return bytes.length;
  }

  #associate(socket: Socket, address: Address): number {
    if (address.place === '') {
      socket.connectTo(undefined);
      return 0;
    }
    if (address.host === '') {
      const target = this.names.atPath(false, address);
      if (typeof target === 'number') return target;
      if (target.peer !== undefined && target.peer !== socket) return -EPERM;
      socket.connectTo(target);
      return 0;
    }
    if (isForbidden(socket, address)) return -EACCES;
    const to = address.isWildcard ? this.#at(loopbackOf(address), address.port) : address;
    this.nameSender(socket);
    socket.local = this.#sourceOf(socket, to);
    socket.remote = to;
    return 0;
  }

  #connectLocal(socket: Socket, address: Address): number {
    const target = this.names.atPath(true, address);
    if (typeof target === 'number') return target;
    if (target.listening === undefined) return -ECONNREFUSED;
    if (isFull(target)) return -EAGAIN;
    if (socket.stream !== undefined) return -EISCONN;
    if (socket.listening !== undefined) return -EINVAL;
    socket.remote = address;
    this.#complete(socket, target, this.#memory);
    return 0;
  }

  // A socket that connects has an address, and the connection has that of the way to its peer.
  #hasPort(socket: Socket, to: Address): boolean {
    if (socket.local.isNamed) {
      socket.local = this.#sourceOf(socket, to);
      return true;
    }
    const named = this.names.withFreePort(socket, loopbackOf(to));
    if (named !== undefined) socket.local = named;
    return named !== undefined;
  }

  #sendSyn(socket: Socket, address: Address, attempt: number): void {
    const link = this.linkTo(address.host);
    const arrive = (): void => {
      if (!socket.isConnecting) return;
      const target = this.names.atPort(true, address);
      if (target?.listening === undefined) this.#fail(socket, ECONNREFUSED);
      else if (!isFull(target)) this.#complete(socket, target, link);
      else this.#retry(socket, address, attempt);
    };
    // Later, also on loopback: connect has returned by then.
    link.later(0, () => {
      const packet = packetOf('tcp', 'syn', socket.local, address, undefined, attempt);
      const verdict = link.verdictOn(packet);
      if (verdict === 'drop') this.#retry(socket, address, attempt);
      else link.carry(packet, verdict === 'duplicate' ? 0 : verdict, ALONE, arrive);
    });
  }

  #retry(socket: Socket, address: Address, attempt: number): void {
    const seconds = SYN_RETRIES_S[attempt];
    if (seconds === undefined) this.#fail(socket, ETIMEDOUT);
    else
      this.#parts.clock.after(seconds * NS_PER_S, () =>
        this.#sendSyn(socket, address, attempt + 1),
      );
  }

  #fail(socket: Socket, errno: number): void {
    socket.changing('state', () => {
      socket.isRefused = socket.isConnecting;
      if (socket.isRefused) this.freePort(socket);
      socket.isConnecting = false;
      socket.error = errno;
    });
  }

  #complete(client: Socket, listener: Socket, link: Link): void {
    const accepted = new Socket(listener.domain, true, false, client.remote as Address);
    accepted.remote = client.local;
    for (const [option, value] of listener.options) accepted.options.set(option, value);
    const join = (): void => this.#join(client, accepted, link);
    if (client.isConnecting) {
      client.changing('state', () => {
        client.isConnecting = false;
        client.isUnconfirmed = true;
        join();
      });
    } else join();
    listener.changing('data', () => listener.listening?.queue.push(accepted));
  }

  #join(first: Socket, second: Socket, link: Link): void {
    const { sizes } = this.#parts;
    const [from, to] = [first.local.text, second.local.text];
    const a = new StreamEnd(link, sizesOf(first, sizes), first, { from, to });
    const b = new StreamEnd(link, sizesOf(second, sizes), second, { from: to, to: from });
    a.peer = b;
    b.peer = a;
    first.remote ??= second.local;
    second.remote ??= first.local;
    first.attach(a);
    second.attach(b);
    if (!link.isLocal) this.resets.onConnection(a, second.local);
  }

  #sourceOf({ local }: Socket, to: Address): Address {
    return local.isWildcard ? this.#at(loopbackOf(to), local.port) : local;
  }

  #at(host: string, port: number): Address {
    return Address.inet(this.#parts.native, host, port);
  }
}

function loopbackOf({ host }: Address): string {
  return host.includes(':') ? '::1' : '127.0.0.1';
}

// Linux lets one more wait than it was asked for.
function isFull({ listening }: Socket): boolean {
  return listening !== undefined && listening.queue.length > listening.backlog;
}

function packetOf(
  protocol: Packet['protocol'],
  kind: Packet['kind'],
  from: Address,
  to: Address,
  bytes?: Uint8Array,
  attempt = 0,
): Packet {
  const way = { from: from.text, to: to.text };
  return { protocol, kind, ...way, byteCount: bytes?.length ?? 0, bytes, attempt };
}

// All hosts at once are reached by a socket that has asked for it. socket(7), SO_BROADCAST.
function isForbidden(socket: Socket, to: Address): boolean {
  return BROADCASTS.includes(to.host) && !socket.hasOption(names.SOL_SOCKET, names.SO_BROADCAST);
}
