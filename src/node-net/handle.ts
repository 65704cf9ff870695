// What node:net calls a handle: the socket beneath a Socket or a Server. Programs reach for the member
// `_handle`, to see whether there is one, for its `fd`, or to wrap one of its methods. Methods
// return 0, or -errno.
import { AsyncResource } from 'node:async_hooks';
import { constants as os } from 'node:os';
import type { SocketAddress } from '../address.ts';
import { ErrnoError, errnoError } from '../errors.ts';
import {
  type Connection,
  type KeepAlive,
  type Listener,
  ON_CLOSED,
  type TcpOptions,
} from '../net/index.ts';
import type { StreamDriver } from '../stream/driver.ts';
import * as sys from '../sys/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: it does not look at the user's data
type AnyConnection = Connection<any>;

/** Where an address is written to. */
interface AddressFields {
  address?: string;
  family?: string;
  port?: number;
}

const { EBADF } = os.errno;
const { IPPROTO_IP, IP_TOS, IPPROTO_IPV6, IPV6_TCLASS, MSG_DONTWAIT, MSG_PEEK } = sys.constants;
const { IPPROTO_TCP, TCP_NODELAY } = sys.constants;
const PEEK = (MSG_PEEK as number) | (MSG_DONTWAIT as number);
/** Seconds that the system takes, as in net/socket/tcp.ts. */
const IDLE_SECONDS_MAX = 32_767;

function writeAddress(address: SocketAddress | undefined, out: AddressFields): number {
  if (address === undefined) return -EBADF;
  if (address.family !== 'IPv4' && address.family !== 'IPv6') return 0; // as of a Unix socket
  out.address = address.address;
  out.port = address.port;
  if (address.family !== undefined) out.family = address.family;
  return 0;
}

/** The socket of a connection, from the call of `connect` on. */
export class SocketHandle {
  /** Whether it is one of a Unix socket. */
  readonly isPipe: boolean;
  /** As of libuv's handles: node:http looks at it before `readStart`. */
  reading = true;
  /** What reads and writes the connection for the socket that has this handle. */
  driver: StreamDriver | undefined = undefined;
  #connection: AnyConnection | undefined;
  #noDelay: boolean | undefined; // what it was accepted with, until it is set
  #resource: AsyncResource | undefined = undefined;

  /**
   * @param connection - undefined: it is connecting.
   * @param noDelay - whether Nagle's algorithm is off; undefined: not known.
   */
  constructor(isPipe: boolean, connection?: AnyConnection, noDelay?: boolean) {
    this.isPipe = isPipe;
    this.#connection = connection;
    this.#noDelay = isPipe ? undefined : noDelay;
  }

  /** What is connected; undefined before. */
  get connection(): AnyConnection | undefined {
    return this.#connection;
  }

  /** It is connected. */
  establish(connection: AnyConnection): void {
    this.#connection = connection;
  }

  /** The descriptor; -1 before it is connected, and after it is closed. */
  get fd(): number {
    return this.#connection?.fd ?? -1;
  }

  /** Bytes received. */
  get bytesRead(): number {
    return this.#connection?.bytesRead ?? 0;
  }

  /** Bytes that the kernel has taken. */
  get bytesWritten(): number {
    return this.#connection?.bytesWritten ?? 0;
  }

  /** Bytes that wait for it. */
  get writeQueueSize(): number {
    return this.#connection?.writableLength ?? 0;
  }

  /** Whether it was accepted with Nagle's algorithm off, and that was not set since. */
  get isNoDelay(): boolean {
    return this.#noDelay === true;
  }

  /** Switches Nagle's algorithm off, or on. */
  setNoDelay(noDelay: boolean): number {
    if (this.#noDelay === noDelay) return 0;
    this.#noDelay = undefined;
    const { fd } = this;
    return fd < 0 ? -EBADF : sys.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, noDelay ? 1 : 0);
  }

  /** Sends probes after so many seconds of silence (0: the system's default), or not. */
  setKeepAlive(enable: boolean, idleSeconds: number): number {
    const isTaken = idleSeconds >= 1 && idleSeconds <= IDLE_SECONDS_MAX;
    const keepAlive: boolean | KeepAlive = enable && isTaken ? { idleSeconds } : enable;
    return this.#set({ keepAlive });
  }

  /** Sets the field of IP packets that routers go by. man 7 ip, 7 ipv6 */
  setTypeOfService(value: number): number {
    const [level, option] = this.#typeOfServiceOption();
    return sys.setsockopt(this.fd, level, option, value);
  }

  /** What `setTypeOfService` has set, 0 to 255. */
  getTypeOfService(): number {
    const [level, option] = this.#typeOfServiceOption();
    const value = new Int32Array(1);
    const result = sys.getsockopt(this.fd, level, option, value);
    return result < 0 ? result : (value[0] as number);
  }

  /** Our address. */
  getsockname(out: AddressFields): number {
    return writeAddress(this.#connection?.localAddress, out);
  }

  /** The peer's address. */
  getpeername(out: AddressFields): number {
    return writeAddress(this.#connection?.remoteAddress, out);
  }

  /** Keeps the process alive. */
  ref(): void {
    this.#connection?.ref();
  }

  /** Lets the process end. */
  unref(): void {
    this.#connection?.unref();
  }

  /** Whether it keeps the process alive. */
  hasRef(): boolean {
    return this.#connection?.hasRef() === true;
  }

  /** The number by which node:async_hooks knows it; node:http asks for it. */
  getAsyncId(): number {
    this.#resource ??= new AsyncResource('EDGEWISE_SOCKET');
    return this.#resource.asyncId();
  }

  /**
   * Whether bytes have come that no one has taken. The agent of node:http asks before it uses an idle
   * socket again: they would pass for the next answer.
   */
  hasPendingRead(): boolean {
    const { fd } = this;
    if (fd < 0) return false;
    return this.driver?.hasUnread === true || sys.recv(fd, new Uint8Array(1), 0, 1, PEEK) > 0;
  }

  /** Reads what comes. */
  readStart(): number {
    this.reading = true;
    this.driver?.read();
    return 0;
  }

  /** Reads nothing more. */
  readStop(): number {
    this.reading = false;
    this.driver?.stopReading();
    return 0;
  }

  /** The socket that has it loses its connection: what is written there fails. */
  release(): void {
    this.driver?.detach(errnoError(-EBADF, 'write'));
    this.driver = undefined;
  }

  /** Closes the descriptor beneath the stream, which is not notified. */
  close(callback?: () => void): void {
    this.release();
    this.#connection?.destroy();
    if (callback !== undefined) process.nextTick(callback);
  }

  #typeOfServiceOption(): [level: number, option: number] {
    const isIpv6 = this.#connection?.localAddress?.family === 'IPv6';
    const [level, option] = isIpv6 ? [IPPROTO_IPV6, IPV6_TCLASS] : [IPPROTO_IP, IP_TOS];
    return [level as number, option as number];
  }

  // What a socket does not have is no error for its stream: a Unix socket, one that has gone.
  #set(options: TcpOptions): number {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed) return -EBADF;
    try {
      connection.setOptions(options);
      return 0;
    } catch (error) {
      if (error instanceof ErrnoError) return error.errno;
      throw error;
    }
  }
}

/** Takes an accepted connection. @param noDelay - whether Nagle's algorithm is off. */
export type Accept = (connection: Connection, noDelay: boolean) => void;

/** A listening socket. */
export class ServerHandle {
  /** Called with each connection that was accepted. */
  onconnection: (error: number, handle: SocketHandle) => void;
  /** Called once, behind the close. */
  onClose: (() => void) | undefined = undefined;
  /** Called when it was closed beneath: with its reactor. */
  onLost: (() => void) | undefined = undefined;
  readonly #listener: Listener;
  #isClosed = false;

  /** @param open - listens; what it is given is to be called with each connection. */
  constructor(
    onConnection: (error: number, handle: SocketHandle) => void,
    open: (accept: Accept) => Listener,
  ) {
    this.onconnection = onConnection;
    this.#listener = open((connection, noDelay) => {
      const { isUnix } = connection.group.settings;
      this.onconnection(0, new SocketHandle(isUnix, connection, noDelay));
    });
    this.#listener[ON_CLOSED] = () => {
      const hasFailed = this.#listener.error !== undefined; // which is reported by itself
      if (!this.#isClosed && !hasFailed) this.onLost?.();
    };
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.#listener.fd;
  }

  /** Where it listens; of TCP only, as a server of Node goes by that: of a Unix socket it knows its path. */
  get getsockname(): ((out: AddressFields) => number) | undefined {
    const { address } = this.#listener;
    if (address.family !== 'IPv4' && address.family !== 'IPv6') return undefined;
    return (out) => writeAddress(address, out);
  }

  /** Keeps the process alive. */
  ref(): void {
    this.#listener.ref();
  }

  /** Lets the process end. */
  unref(): void {
    this.#listener.unref();
  }

  /** Whether it keeps the process alive. */
  hasRef(): boolean {
    return this.#listener.hasRef();
  }

  /** Stops listening. */
  close(callback?: () => void): void {
    const { onClose } = this;
    this.onClose = undefined;
    this.#isClosed = true;
    this.#listener.close();
    onClose?.();
    if (callback !== undefined) process.nextTick(callback);
  }
}
