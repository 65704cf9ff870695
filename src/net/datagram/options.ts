// What users of datagram sockets write, and its defaults: handlers, options, counts.

import { AsyncResource } from 'node:async_hooks';
import type { SocketAddress } from '../../address.ts';
import { invalidValue } from '../../errors.ts';
import type { Method } from '../../method.ts';
import { checkReactor, defaultReactor, type Reactor } from '../../reactor/index.ts';
import type { MessageBatch } from '../../sys/index.ts';
import {
  checkApart,
  checkHandlers,
  checkInteger,
  checkObject,
  throwIfAborted,
} from '../../validate.ts';
import { receivesDescriptors } from '../socket/descriptor-passing.ts';
import { type ReceiveBatchPool, receiveBatchPool } from './receive-batch.ts';
import type { DatagramSocket } from './socket.ts';

const BATCH_COUNT_MAX = 32;
// Longer than any datagram, and a step that does not put all messages on the same cache lines.
const BATCH_BYTES_MAX = 65_536 + 64;
/** The longest datagram of UDP over IPv4. */
const DATAGRAM_BYTES_MAX = 65_507;
/** The most that the kernel joins. */
const JOINED_BYTES_MAX = 65_535;
const QUEUE_BYTES_MAX = 1024 * 1024;
/** The names of {@link DatagramOptions}. */
export const OPTION_NAMES: readonly string[] = Object.keys({
  handlers: true,
  data: true,
  reactor: true,
  trigger: true,
  host: true,
  port: true,
  path: true,
  abstract: true,
  ipv6Only: true,
  reuseAddress: true,
  reusePort: true,
  broadcast: true,
  receiveBufferSize: true,
  sendBufferSize: true,
  batch: true,
  queueBytesMax: true,
  errorQueue: true,
  gro: true,
  receiveDescriptors: true,
  asyncContext: true,
  signal: true,
} satisfies Record<keyof DatagramOptions, true>);
const BATCH_NAMES = ['countMax', 'bytesMax'];
const HANDLER_NAMES = ['message', 'messages', 'descriptors', 'drain', 'error', 'close'] as const;

/**
 * Receives what happens on datagram sockets. Every member is optional; one object serves any number
 * of sockets, and `socket.data` holds what belongs to one.
 *
 * A handler that throws does not stop the others, nor the datagrams behind it: each error goes to
 * the `onError` of the reactor.
 */
export interface DatagramHandlers<Data = unknown> {
  /**
   * A datagram came; one of no bytes is a datagram too.
   *
   * @param bytes - the socket's until this returns: copy what you keep (`Buffer.from(bytes)`).
   *   `socket.send(bytes, from)` copies by itself what it has to keep.
   * @param from - the sender, the socket's as well: `new SocketAddress(from)` copies.
   * @param isTruncated - it was longer than `batch.bytesMax`; the rest is lost. Or, with `gro`,
   *   the kernel lost the size of the segments (MSG_CTRUNC): it may be several datagrams, joined.
   */
  message?:
    | Method<
        [socket: DatagramSocket<Data>, bytes: Buffer, from: SocketAddress, isTruncated: boolean]
      >
    | undefined;
  /**
   * The same for many at once, instead of `message`. `socket.sendMany(batch, count)` echoes them
   * without a copy.
   *
   * @param batch - the socket's again when this returns. `batch.flags[i] & MSG_TRUNC`: message `i`
   *   was truncated. With `gro` a message may be several datagrams of one sender:
   *   `batch.segmentSizes[i]` is the length of each, the last one excepted, which may be shorter;
   *   0: it is one, or MSG_CTRUNC is set and the size was lost.
   * @param count - the first `count` messages of `batch` are filled, 1 to `batch.messagesMax`.
   */
  messages?: Method<[socket: DatagramSocket<Data>, batch: MessageBatch, count: number]> | undefined;
  /**
   * Descriptors came over a Unix socket, with the option `receiveDescriptors`; called right before
   * the datagram that they came with is delivered.
   *
   * @param fds - close-on-exec, and yours to close from this call on, also when this throws.
   * @param isTruncated - some were lost, since this process has no numbers left for them
   *   (MSG_CTRUNC); maybe all.
   */
  descriptors?:
    | Method<[socket: DatagramSocket<Data>, fds: number[], isTruncated: boolean]>
    | undefined;
  /** All that was queued has left, after `send` or `sendMany` had to drop something. */
  drain?: Method<[socket: DatagramSocket<Data>]> | undefined;
  /**
   * A datagram could not be sent, or the network reports on an earlier one, once. The socket goes
   * on. Called at the end of the turn, at most 64 times in one; `stats.errors` counts all.
   *
   * @param error - EMSGSIZE, ENETUNREACH, …, with the `address` and `port`, or the `path`, that
   *   the datagram was sent to. Of an earlier one: ECONNREFUSED on a connected socket, and with
   *   `errorQueue` all that ICMP says, with the address that it is about.
   */
  error?: Method<[socket: DatagramSocket<Data>, error: NodeJS.ErrnoException]> | undefined;
  /**
   * The socket is closed: the last call for it, at the end of the turn.
   *
   * @param error - what `destroy` was given, the reason of the `signal`, or ERR_CLOSED when the
   *   reactor was closed; undefined after `close`, also when its time limit has passed.
   */
  close?: Method<[socket: DatagramSocket<Data>, error?: NodeJS.ErrnoException]> | undefined;
}

/** How something is sent. */
export interface SendOptions {
  /**
   * Cut the data into datagrams of so many bytes, the last one shorter: 1 to 65,507. Linux cuts up
   * to 64 at once on their way out (UDP_SEGMENT), which makes a bulk flow much cheaper; where the
   * kernel or the device does not, it is done here.
   */
  readonly segmentSize?: number | undefined;
}

/** @throws TypeError, RangeError - ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. @returns 0: none. */
export function segmentSizeOf(options: SendOptions): number {
  checkObject('options', options);
  const { segmentSize } = options;
  if (segmentSize === undefined) return 0;
  return checkInteger('options.segmentSize', segmentSize, 1, DATAGRAM_BYTES_MAX);
}

/** How a datagram socket is made. */
export interface DatagramOptions<Data = unknown> {
  /** What is called for the socket. */
  readonly handlers: DatagramHandlers<Data>;
  /** `socket.data` from the start. */
  readonly data?: Data | undefined;
  /** Default: the reactor of this thread, attached to Node's loop. */
  readonly reactor?: Reactor | undefined;
  /** `'level'`, the default, or `'edge'`. */
  readonly trigger?: 'level' | 'edge' | undefined;
  /** A numeric address; default `'::'`, for both families, and `'0.0.0.0'` without IPv6. */
  readonly host?: string | undefined;
  /** 0 to 65535; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /**
   * A Unix datagram socket instead of UDP: a path, which must not exist. The file stays behind when
   * the socket is closed: remove it yourself. It has mode 0777 without the process's umask(2).
   */
  readonly path?: string | undefined;
  /** A Unix datagram socket of Linux's abstract namespace. */
  readonly abstract?: string | undefined;
  /** Let other sockets bind the same address, as those that share a multicast group must. */
  readonly reuseAddress?: boolean | undefined;
  /** Let other sockets of this user bind the same port, and share its datagrams by sender. */
  readonly reusePort?: boolean | undefined;
  /** `'::'` for IPv6 only. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** Allow sending to broadcast addresses. Default false. */
  readonly broadcast?: boolean | undefined;
  /** SO_RCVBUF in bytes; the kernel cuts it to its own limit. */
  readonly receiveBufferSize?: number | undefined;
  /** SO_SNDBUF in bytes; the kernel cuts it to its own limit. */
  readonly sendBufferSize?: number | undefined;
  /** How many datagrams to take in one system call, and how long each may be. */
  readonly batch?:
    | {
        /** Datagrams, 1 to 1024. Default 32. */
        readonly countMax?: number | undefined;
        /** Bytes, 1 to 2^18; what is longer is truncated. Default: as long as a datagram can be. */
        readonly bytesMax?: number | undefined;
      }
    | undefined;
  /**
   * How much is queued when the kernel has no room, in bytes; each datagram counts 256 more. What
   * exceeds it is dropped and counted. Default 1 MiB; 0 queues nothing.
   */
  readonly queueBytesMax?: number | undefined;
  /**
   * Take in descriptors that are sent to a Unix socket, for the `descriptors` handler, which must be
   * there. Otherwise the kernel drops them. Costs a system call per datagram. Default false.
   */
  readonly receiveDescriptors?: boolean | undefined;
  /**
   * Let the kernel join datagrams of one sender that come together (UDP_GRO, Linux 5.0): fewer walks
   * up the stack for a bulk flow. `message` is called for each all the same. Where the kernel cannot
   * do it, datagrams arrive one by one. `batch.bytesMax` must hold what was joined, 65,535 bytes.
   * Default false.
   */
  readonly gro?: boolean | undefined;
  /**
   * Report to the `error` handler what the network says of each datagram, with its address, also
   * when the socket has no peer (IP_RECVERR, IPV6_RECVERR): ECONNREFUSED, EHOSTUNREACH, EMSGSIZE
   * with `mtu`, … Any peer can cause such errors by leaving. UDP on Linux. Default false.
   */
  readonly errorQueue?: boolean | undefined;
  /** Destroys the socket when it is aborted, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Keep the async context of this call for the handlers. Default true. */
  readonly asyncContext?: boolean | undefined;
}

/** Counts of one socket since it was made. */
export interface DatagramStats {
  /** Datagrams received, those that came joined to others counted one by one. */
  messagesReceived: number;
  /** Bytes of the messages received. */
  bytesReceived: number;
  /** Of the messages received, those that came joined to others (`gro`). */
  segmentsReceived: number;
  /** Received datagrams of which something was lost: `isTruncated` of the `message` handler. */
  truncated: number;
  /** Received, but no handler was there to take them, or the socket was closed meanwhile. */
  receiveDropped: number;
  /** Datagrams that the kernel has taken, those of one buffer counted one by one. */
  messagesSent: number;
  /** Bytes of the messages sent. */
  bytesSent: number;
  /** Of the messages sent, those that the kernel cut from a longer buffer (`segmentSize`). */
  segmentsSent: number;
  /** Not sent: the queue was full, or the socket was closed with them in it. */
  sendDropped: number;
  /** Not sent: the kernel refused them, see `error`. */
  sendFailed: number;
  /** Errors that were reported, or would have been with an `error` handler and without its limit. */
  errors: number;
}

/** The options, checked. */
export interface DatagramSettings<Data> {
  readonly handlers: DatagramHandlers<Data>;
  readonly data: Data;
  readonly reactor: Reactor;
  readonly trigger: 'level' | 'edge';
  /** Lends the memory to receive into. */
  readonly pool: ReceiveBatchPool;
  readonly queueBytesMax: number;
  readonly hasErrorQueue: boolean;
  /** The kernel may join datagrams. */
  readonly gro: boolean;
  /** The async context of the handlers. */
  readonly scope: AsyncResource | undefined;
  /** A Unix socket: it can pass descriptors. */
  readonly isUnix: boolean;
  readonly receivesDescriptors: boolean;
}

/**
 * Checks the options of a socket that do not concern its making.
 *
 * @throws TypeError, RangeError - an option of the wrong kind.
 * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: `receiveDescriptors` of UDP.
 * @throws the reason of `options.signal`, when it is aborted already.
 */
export function datagramSettings<Data>(
  options: DatagramOptions<Data>,
  isUnix: boolean,
): DatagramSettings<Data> {
  const { handlers, trigger = 'level', batch = {}, queueBytesMax = QUEUE_BYTES_MAX } = options;
  checkHandlers(handlers, HANDLER_NAMES);
  checkApart(handlers, 'message', ['messages']);
  throwIfAborted(options.signal);
  if (trigger !== 'level' && trigger !== 'edge') {
    throw invalidValue('trigger', "'level' or 'edge'", trigger);
  }
  checkObject('batch', batch);
  const { countMax = BATCH_COUNT_MAX, bytesMax = BATCH_BYTES_MAX } = batch;
  checkInteger('batch.countMax', countMax, 1, 1024);
  checkInteger('batch.bytesMax', bytesMax, options.gro === true ? JOINED_BYTES_MAX : 1, 1 << 18);
  checkInteger('queueBytesMax', queueBytesMax, 0, Number.MAX_SAFE_INTEGER);
  const reactor = options.reactor ?? defaultReactor();
  checkReactor(reactor);
  reactor.lintNames('handlers', handlers, HANDLER_NAMES);
  reactor.lintNames('batch', batch, BATCH_NAMES);
  const keepsContext = options.asyncContext !== false;
  return {
    handlers,
    data: options.data as Data,
    reactor,
    trigger,
    pool: receiveBatchPool(countMax, bytesMax),
    queueBytesMax,
    hasErrorQueue: options.errorQueue === true,
    gro: options.gro === true && !isUnix,
    scope: keepsContext ? new AsyncResource('EDGEWISE_DATAGRAMS') : undefined,
    isUnix,
    receivesDescriptors: receivesDescriptors(options, isUnix, 'UDP'),
  };
}
