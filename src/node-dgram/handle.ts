// What is beneath a socket of edgewise/dgram: one datagram socket of `edgewise`, which is opened when
// it is bound, as in node:dgram. It answers like a handle of Node: 0, or -errno.
import { AsyncResource } from 'node:async_hooks';
import { isIP } from 'node:net';
import { constants as os } from 'node:os';
import { SocketAddress } from '../address.ts';
import {
  adoptDatagram,
  bindDatagram,
  type DatagramOptions,
  type DatagramSocket,
} from '../index.ts';
import * as sys from '../sys/index.ts';
import { errnoOf } from './errors.ts';
import type { Message, RemoteInfo, Settings } from './options.ts';

const { EAGAIN, EBADF, EINVAL, ENOTSUP } = os.errno;
const { SOL_SOCKET, SO_RCVBUF, SO_SNDBUF, SO_BROADCAST } = sys.constants;
const { IPPROTO_IP, IP_TTL, IPPROTO_IPV6, IPV6_UNICAST_HOPS, IPV6_MULTICAST_IF } = sys.constants;

/** Where a socket is bound, or its peer. */
export interface HandleAddress {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}

/** What a handle calls. */
export interface HandleListener {
  /** `bytes` are the listener's. */
  onMessage(bytes: Message, info: RemoteInfo): void;
  /** The network has refused an earlier datagram. `errno` is negative. */
  onError(errno: number): void;
  /** The reactor was closed, and with it the socket. */
  onGone(error: Error): void;
}

/** The buffers of a socket in the kernel. */
export type BufferName = 'recv' | 'send';

function attempt(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
}

/** The descriptor of a socket; closed at the start. */
export class Handle {
  readonly family: 4 | 6;
  readonly #settings: Settings;
  readonly #listener: HandleListener;
  /** The handlers run in the async context in which the socket was made. */
  readonly #scope = new AsyncResource('EDGEWISE_DGRAM');
  #socket: DatagramSocket | undefined = undefined;
  #isReceiving = false;
  #isReferenced = true;
  #waitingCount = 0;
  #waitingBytes = 0;

  constructor(settings: Settings, listener: HandleListener) {
    this.family = settings.type === 'udp4' ? 4 : 6;
    this.#settings = settings;
    this.#listener = listener;
  }

  /** Datagrams that the kernel has yet to take. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** Their bytes. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Binds to a numeric address; receives nothing yet. */
  bind(host: string, port: number): number {
    if (this.#socket !== undefined || !this.#isOurs(host)) return -EINVAL;
    const { reuseAddr, reusePort, ipv6Only } = this.#settings;
    // libuv means SO_REUSEPORT where the BSDs need it to share an address.
    const sharesPort = reusePort === true || (reuseAddr && process.platform !== 'linux') === true;
    const options = { reuseAddress: Boolean(reuseAddr), reusePort: sharesPort };
    return this.#open((common) =>
      bindDatagram({ ...common, ...options, host, port, ipv6Only: Boolean(ipv6Only) }),
    );
  }

  /** Takes over a descriptor; it is the caller's when this fails. */
  open(fd: number): number {
    return this.#open((common) => adoptDatagram(fd, common));
  }

  /** Calls the listener from here on, and keeps the process alive unless `unref` was called. */
  startReceiving(): void {
    this.#isReceiving = true;
    this.#socket?.resume();
    this.#updateReference();
  }

  /** Sets the peer. */
  connect(address: string, port: number): number {
    if (!this.#isOurs(address)) return -EINVAL;
    return this.#call((socket) => socket.connect({ address, port }));
  }

  /** Forgets the peer. */
  disconnect(): number {
    return this.#call((socket) => socket.disconnect());
  }

  /**
   * Sends one datagram.
   *
   * @param to - undefined: the peer.
   * @param callback - called with the bytes sent or -errno: in a later turn, or in the next tick.
   */
  send(
    bytes: Uint8Array,
    to: { readonly address: string; readonly port: number } | undefined,
    callback: ((result: number) => void) | undefined,
  ): void {
    const byteCount = bytes.length;
    const settle = (result: number) => {
      this.#waitingCount--;
      this.#waitingBytes -= byteCount;
      callback?.(result);
    };
    let result = -EINVAL;
    if (to === undefined || this.#isOurs(to.address)) {
      const errno = this.#call((socket) => {
        result = socket.sendTracked(bytes, to, settle);
      });
      if (errno < 0) result = errno;
    }
    if (result !== -EAGAIN) {
      if (callback !== undefined) process.nextTick(callback, result);
      return;
    }
    this.#waitingCount++;
    this.#waitingBytes += byteCount;
  }

  /** Where it is bound; -errno. */
  getsockname(): HandleAddress | number {
    return this.#addressBy(sys.getsockname);
  }

  /** The peer; -errno. */
  getpeername(): HandleAddress | number {
    return this.#addressBy(sys.getpeername);
  }

  /** Closes the descriptor; what waits to be sent is dropped, with -ECANCELED. */
  close(): void {
    this.#isReceiving = false;
    this.#socket?.destroy();
  }

  ref(): void {
    this.#isReferenced = true;
    this.#updateReference();
  }

  unref(): void {
    this.#isReferenced = false;
    this.#updateReference();
  }

  setBroadcast(isAllowed: boolean): number {
    return this.#set(SOL_SOCKET, SO_BROADCAST, isAllowed ? 1 : 0);
  }

  /** @param ttl - 1 to 255, or EINVAL. */
  setTTL(ttl: number): number {
    if (ttl < 1 || ttl > 255) return -EINVAL;
    if (this.family === 4) return this.#set(IPPROTO_IP, IP_TTL, ttl);
    return this.#set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
  }

  /** @param ttl - 0 to 255, or EINVAL. */
  setMulticastTTL(ttl: number): number {
    if (ttl < 0 || ttl > 255) return -EINVAL;
    return this.#call((socket) => socket.setMulticast({ ttl }));
  }

  setMulticastLoopback(loop: boolean): number {
    return this.#call((socket) => socket.setMulticast({ loop }));
  }

  /**
   * @param address - of the interface, and of the family of the socket. For IPv6 its zone names the
   *   interface; one that is not there, or no zone: the system chooses.
   */
  setMulticastInterface(address: string): number {
    if (isIP(address) === 0) return -EINVAL;
    if (this.#socket !== undefined && !this.#isOurs(address)) return -EINVAL;
    const name = interfaceOf(address);
    if (name === undefined) return this.#set(IPPROTO_IPV6, IPV6_MULTICAST_IF, 0);
    return this.#call((socket) => socket.setMulticast({ interface: name }));
  }

  /**
   * Joins or leaves a group. Binds before that, as libuv does, when it is not bound.
   *
   * @param on - an address of the interface; undefined: the system chooses.
   * @param source - undefined: any.
   */
  setMembership(
    isJoin: boolean,
    group: string,
    on: string | undefined,
    source: string | undefined,
  ): number {
    const family = isIP(group);
    const others = [on, source].filter((address) => address !== undefined);
    if (family === 0 || others.some((address) => isIP(address) !== family)) return -EINVAL;
    const errno =
      this.#socket === undefined ? this.bind(this.family === 4 ? '0.0.0.0' : '::', 0) : 0;
    if (errno < 0) return errno;
    const name = on === undefined ? undefined : interfaceOf(on);
    return this.#call((socket) => {
      if (isJoin) socket.joinGroup(group, name, source);
      else socket.leaveGroup(group, name, source);
    });
  }

  /** @param size - 0: it is not set. @returns its size in bytes, or -errno. */
  bufferSize(name: BufferName, size: number): number {
    const option = name === 'recv' ? SO_RCVBUF : SO_SNDBUF;
    const errno = size === 0 ? 0 : this.#set(SOL_SOCKET, option, size | 0);
    if (errno < 0) return errno;
    const value = new Int32Array(1);
    const result = sys.getsockopt(this.#fd, SOL_SOCKET, option, value);
    return result < 0 ? result : (value[0] ?? 0);
  }

  // A number that is never open stands for none: the system says EBADF.
  get #fd(): number {
    return this.#socket?.isClosed === false ? this.#socket.fd : 0x7fffffff;
  }

  #isOurs(address: string): boolean {
    return isIP(address) === this.family;
  }

  #open(make: (common: DatagramOptions) => DatagramSocket): number {
    const { reactor, trigger = 'level' } = this.#settings;
    const common: DatagramOptions = {
      trigger,
      queueBytesMax: Number.MAX_SAFE_INTEGER, // as Node's, which has no bound
      handlers: {
        message: (_socket, bytes, from) => this.#onMessage(bytes, from),
        error: (_socket, error) => this.#listener.onError(errnoOf(error)),
        close: (_socket, error) => {
          if (error !== undefined) this.#listener.onGone(error);
        },
      },
      ...(reactor === undefined ? {} : { reactor }),
    };
    return attempt(() => {
      const socket = this.#scope.runInAsyncScope(make, undefined, common);
      socket.pause();
      this.#socket = socket;
      this.#updateReference();
    });
  }

  #onMessage(bytes: Buffer, from: SocketAddress): void {
    const { address, port } = from;
    const family = from.family === 'IPv6' ? 'IPv6' : 'IPv4';
    const info: RemoteInfo = { address, family, port, size: bytes.length };
    this.#listener.onMessage(Buffer.from(bytes), info);
  }

  #call(call: (socket: DatagramSocket) => void): number {
    const socket = this.#socket;
    if (socket === undefined || socket.isClosed) return -EBADF;
    return attempt(() => call(socket));
  }

  #set(level: number, option: number, value: number): number {
    return Math.min(sys.setsockopt(this.#fd, level, option, value), 0);
  }

  #addressBy(call: (fd: number, into: SocketAddress) => number): HandleAddress | number {
    const found = new SocketAddress();
    const result = call(this.#fd, found);
    if (result < 0) return result;
    const { address, family, port } = found;
    return family === 'IPv4' || family === 'IPv6' ? { address, family, port } : -ENOTSUP;
  }

  // As libuv: what is bound and does not receive holds nothing; what is being sent holds the loop anyway.
  #updateReference(): void {
    if (this.#isReferenced && this.#isReceiving) this.#socket?.ref();
    else this.#socket?.unref();
  }
}

/** What `joinGroup` is to be given for an address of an interface; undefined: the system chooses. */
function interfaceOf(address: string): string | undefined {
  if (isIP(address) === 4) return address;
  const [, zone] = address.split('%');
  const isThere = attempt(() => new SocketAddress({ address })) === 0;
  return isThere ? zone : undefined;
}
