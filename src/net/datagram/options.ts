// What users of datagram sockets write, and its defaults: handlers, options, counts.
import { AsyncResource } from 'node:async_hooks';
import type { SocketAddress } from '../../address.ts';
import { invalidType, invalidValue } from '../../errors.ts';
import { defaultReactor } from '../../reactor/index.ts';
import { Reactor } from '../../reactor/reactor.ts';
import type { MessageBatch } from '../../sys/batch.ts';
import { checkFunction, checkInteger, checkObject } from '../../validate.ts';
import { receivesDescriptors } from '../socket/descriptor-passing.ts';
import { type InboxPool, inboxPool } from './receive-batch.ts';
import { Outbox } from './send-queue.ts';
import type { DatagramSocket } from './socket.ts';

const MESSAGES = 32;
// Longer than any datagram, and a step that does not put all messages on the same cache lines.
const BYTES = 65_536 + 64;
/** The longest datagram of UDP over IPv4. */
const DATAGRAM_MAX = 65_507;
/** The most that the kernel joins. */
const JOINED_MAX = 65_535;
const QUEUE_MAX = 1024 * 1024;
const HANDLER_NAMES = [
  ...(['message', 'messages', 'descriptors', 'drain', 'error', 'close'] as const),
];

/**
 * Receives what happens on datagram sockets. Every member is optional; one object serves any number
 * of sockets, and `socket.data` holds what belongs to one.
 *
 * A handler that throws does not stop the others, nor the datagrams behind it: the error goes where
 * the reactor's `onError` says.
 */
export interface DatagramHandlers<Data = unknown> {
  /**
   * A datagram came; one of no bytes is a datagram too. `bytes` and `from` are the socket's: copy
   * what you keep (`Buffer.from(bytes)`, `new SocketAddress(from)`). `socket.send(bytes, from)`
   * copies by itself what it has to keep.
   *
   * @param isTruncated - it was longer than `batch.bytes`; the rest is lost.
   */
  message?(
    socket: DatagramSocket<Data>,
    bytes: Buffer,
    from: SocketAddress,
    isTruncated: boolean,
  ): void;
  /**
   * The same for many at once, instead of `message`: the first `count` messages of `batch`, which
   * is the socket's again when the handler returns. `socket.sendMany(batch, count)` echoes them
   * without a copy. `batch.flags[i] & MSG_TRUNC`: message `i` was truncated. With `gro` a message
   * may be several datagrams of one sender: `batch.segmentSizes[i]` says how long each is, the last
   * one excepted, which may be shorter; 0: it is one.
   */
  messages?(socket: DatagramSocket<Data>, batch: MessageBatch, count: number): void;
  /**
   * Descriptors came over a Unix socket, with the option `receiveDescriptors`; told right before the
   * datagram that they came with. They are close-on-exec, and yours to close from this call on, also
   * when this throws.
   *
   * @param isTruncated - some were lost, since this process has no numbers left for them
   *   (MSG_CTRUNC); maybe all.
   */
  descriptors?(socket: DatagramSocket<Data>, fileDescriptors: number[], isTruncated: boolean): void;
  /** All that was queued has left, after `send` or `sendMany` had to drop something. */
  drain?(socket: DatagramSocket<Data>): void;
  /**
   * A datagram could not be sent (EMSGSIZE, ENETUNREACH, …: the error has its `address`), or the
   * network reports on an earlier one, once: ECONNREFUSED on a connected socket, and with
   * `errorQueue` all that ICMP says, with the `address` that it is about. The socket goes on. Called at the end of the turn, at most 64 times in one; `stats.errors` counts all.
   */
  error?(socket: DatagramSocket<Data>, error: Error): void;
  /** The socket is closed: the last call for it, at the end of the turn. */
  close?(socket: DatagramSocket<Data>): void;
}

/** How something is sent. */
export interface SendOptions {
  /**
   * Cut the data into datagrams of so many bytes, the last one shorter: 1 to 65,507. Linux cuts up
   * to 64 at once on their way out (UDP_SEGMENT), which makes a bulk flow much cheaper; where the
   * kernel or the device does not, it is done here.
   */
  readonly segmentSize?: number;
}

/** @throws TypeError, RangeError - ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. @returns 0: none. */
export function segmentSizeOf(options: SendOptions): number {
  checkObject('options', options);
  const { segmentSize } = options;
  if (segmentSize === undefined) return 0;
  return checkInteger('options.segmentSize', segmentSize, 1, DATAGRAM_MAX);
}

/** How a datagram socket is made. */
export interface DatagramOptions<Data = unknown> {
  readonly handlers: DatagramHandlers<Data>;
  /** `socket.data` from the start. */
  readonly data?: Data;
  /** Default: the reactor of this thread, attached to Node's loop. */
  readonly reactor?: Reactor;
  /** `'level'`, the default, or `'edge'`. */
  readonly trigger?: 'level' | 'edge';
  /** A numeric address; default `'::'`, for both families, and `'0.0.0.0'` without IPv6. */
  readonly host?: string;
  /** 0 to 65535; 0, the default, takes a free one. */
  readonly port?: number;
  /**
   * A Unix datagram socket instead of UDP: a path, which must not exist. The file stays behind when
   * the socket is closed: remove it yourself.
   */
  readonly path?: string;
  /** A Unix datagram socket of Linux's abstract namespace. */
  readonly abstract?: string;
  /** Let other sockets bind the same address, as those that share a multicast group must. */
  readonly reuseAddress?: boolean;
  /** Let other sockets of this user bind the same port, and share its datagrams by sender. */
  readonly reusePort?: boolean;
  /** `'::'` for IPv6 only. Default false. */
  readonly ipv6Only?: boolean;
  /** Allow sending to broadcast addresses. Default false. */
  readonly broadcast?: boolean;
  /** SO_RCVBUF in bytes; the kernel cuts it to its own limit. */
  readonly receiveBufferSize?: number;
  /** SO_SNDBUF in bytes; the kernel cuts it to its own limit. */
  readonly sendBufferSize?: number;
  /** How many datagrams to take in one system call, and how long each may be. */
  readonly batch?: {
    /** 1 to 1024. Default 32. */
    readonly messages?: number;
    /** Bytes; what is longer is truncated. Default: as long as a datagram can be. */
    readonly bytes?: number;
  };
  /**
   * How much is queued when the kernel has no room, in bytes; each datagram counts 256 more. What
   * comes beyond is dropped and counted. Default 1 MiB; 0 queues nothing.
   */
  readonly queueMax?: number;
  /**
   * Take in descriptors that are sent to a Unix socket, and tell the `descriptors` handler, which
   * must be there. Otherwise the kernel drops them. Costs a system call per datagram. Default false.
   */
  readonly receiveDescriptors?: boolean;
  /**
   * Let the kernel join datagrams of one sender that come together (UDP_GRO, Linux 5.0): fewer walks
   * up the stack for a bulk flow. `message` is called for each all the same. Where there is no such
   * thing, datagrams arrive one by one. `batch.bytes` must hold what was joined, 65,535 bytes.
   * Default false.
   */
  readonly gro?: boolean;
  /**
   * Tell the `error` handler what the network says of each datagram, with its address, also when
   * the socket has no peer (IP_RECVERR, IPV6_RECVERR): ECONNREFUSED, EHOSTUNREACH, EMSGSIZE with
   * `mtu`, … Anybody can cause such errors by leaving. UDP on Linux. Default false.
   */
  readonly errorQueue?: boolean;
  /** Closes the socket when it is aborted. */
  readonly signal?: AbortSignal;
  /** Keep the async context of this call for the handlers. Default true. */
  readonly asyncContext?: boolean;
}

/** Counts of one socket since it was made. */
export interface DatagramStats {
  messagesReceived: number;
  bytesReceived: number;
  /** Of the messages received, those that came joined to others (`gro`). */
  segmentsReceived: number;
  /** Received datagrams that were longer than `batch.bytes`. */
  truncated: number;
  /** Received, but no handler was there to take them, or the socket was closed meanwhile. */
  receiveDropped: number;
  messagesSent: number;
  bytesSent: number;
  /** Of the messages sent, those that the kernel cut from a longer buffer (`segmentSize`). */
  segmentsSent: number;
  /** Not sent: the queue was full, or the socket was closed with them in it. */
  sendDropped: number;
  /** Not sent: the kernel refused them, see `error`. */
  sendFailed: number;
  /** Errors that were told, or would have been if there were an `error` handler. */
  errors: number;
}

/** The options, checked. */
export interface DatagramSettings<Data> {
  readonly handlers: DatagramHandlers<Data>;
  readonly data: Data | undefined;
  readonly reactor: Reactor;
  readonly trigger: 'level' | 'edge';
  readonly pool: InboxPool;
  readonly outbox: Outbox;
  readonly hasErrorQueue: boolean;
  readonly scope: AsyncResource | undefined;
  /** A Unix socket: it can pass descriptors. */
  readonly isUnix: boolean;
  readonly receivesDescriptors: boolean;
}

function checkHandlers(handlers: unknown): void {
  checkObject('handlers', handlers);
  const given = handlers as DatagramHandlers;
  for (const name of HANDLER_NAMES) {
    if (given[name] !== undefined) checkFunction(`handlers.${name}`, given[name]);
  }
  if (given.message !== undefined && given.messages !== undefined) {
    throw invalidValue('handlers.messages', 'absent where there is `message`', given.messages);
  }
}

/**
 * Checks the options of a socket that do not concern its making.
 *
 * @throws TypeError, RangeError - an option of the wrong kind.
 */
export function datagramSettings<Data>(
  options: DatagramOptions<Data>,
  isUnix: boolean,
): DatagramSettings<Data> {
  const { handlers, trigger = 'level', batch = {} } = options;
  checkHandlers(handlers);
  if (trigger !== 'level' && trigger !== 'edge') {
    throw invalidValue('trigger', "'level' or 'edge'", trigger);
  }
  checkObject('batch', batch);
  const messages = checkInteger('batch.messages', batch.messages ?? MESSAGES, 1, 1024);
  const bytesMin = options.gro === true ? JOINED_MAX : 1;
  const bytes = checkInteger('batch.bytes', batch.bytes ?? BYTES, bytesMin, 1 << 18);
  const queueMax = options.queueMax ?? QUEUE_MAX;
  const outbox = new Outbox(checkInteger('queueMax', queueMax, 0, Number.MAX_SAFE_INTEGER));
  const reactor = options.reactor ?? defaultReactor();
  if (!(reactor instanceof Reactor)) throw invalidType('reactor', 'a Reactor', reactor);
  const keepsContext = options.asyncContext !== false;
  return {
    handlers,
    data: options.data,
    reactor,
    trigger,
    pool: inboxPool(messages, bytes),
    outbox,
    hasErrorQueue: options.errorQueue === true,
    scope: keepsContext ? new AsyncResource('EDGEWISE_DATAGRAMS') : undefined,
    isUnix,
    receivesDescriptors: receivesDescriptors(options, isUnix, 'UDP'),
  };
}
