// The state of a TCP connection as the kernel sees it: TCP_INFO, or TCP_CONNECTION_INFO on macOS,
// in the same words and units everywhere. Which system reports what: docs/net.md "Looking inside".
import { invalidType } from '../errors.ts';
import { native } from '../native.ts';
import { checkFd, REFUSED, refuseUnnamed } from '../validate.ts';

/** The states of RFC 9293. */
export type TcpState =
  | 'closed'
  | 'listen'
  | 'syn-sent'
  | 'syn-received'
  | 'established'
  | 'close-wait'
  | 'fin-wait-1'
  | 'closing'
  | 'last-ack'
  | 'fin-wait-2'
  | 'time-wait';

/** By the numbers of TcpState in native/core/socket_facts.h. */
export const TCP_STATES: readonly TcpState[] = [
  'closed',
  'listen',
  'syn-sent',
  'syn-received',
  'established',
  'close-wait',
  'fin-wait-1',
  'closing',
  'last-ack',
  'fin-wait-2',
  'time-wait',
];

/** What `tcp_info` fills in; a member is undefined where this kernel does not report it. Reuse it. */
export class TcpInfo {
  /** The state of the connection, as RFC 9293 names it. */
  state: TcpState | undefined = undefined;
  /** Smoothed round-trip time, milliseconds. */
  rttMs: number | undefined = undefined;
  /** Its mean deviation (RTTVAR of RFC 6298), milliseconds. */
  rttVariationMs: number | undefined = undefined;
  /** The shortest round trip of the last minutes, milliseconds. */
  rttMinMs: number | undefined = undefined;
  /** RTO: how long an acknowledgement is waited for, milliseconds. */
  retransmissionTimeoutMs: number | undefined = undefined;
  /** Largest segment that is sent, bytes. */
  sendMss: number | undefined = undefined;
  /** Largest segment that is expected, bytes: an estimate. */
  receiveMss: number | undefined = undefined;
  /** The largest packet that the path takes, bytes, headers included. */
  pathMtu: number | undefined = undefined;
  /** cwnd, bytes (Linux counts segments: times `sendMss`). */
  congestionWindow: number | undefined = undefined;
  /** ssthresh, bytes; Infinity: no loss has set it yet. */
  slowStartThreshold: number | undefined = undefined;
  /** What the peer has room for, bytes. */
  sendWindow: number | undefined = undefined;
  /** What we have announced to the peer to have room for, bytes. */
  receiveWindow: number | undefined = undefined;
  /** Segments that are in flight. */
  unackedSegments: number | undefined = undefined;
  /** Of those, segments that are thought to be lost. */
  lostSegments: number | undefined = undefined;
  /** Retransmission timeouts in a row; 0 when data flows. */
  consecutiveTimeouts: number | undefined = undefined;
  /** Segments sent again since the connection began. */
  retransmittedSegments: number | undefined = undefined;
  /** Bytes sent again since the connection began. */
  retransmittedBytes: number | undefined = undefined;
  /** Bytes of data sent, those sent again included. */
  bytesSent: number | undefined = undefined;
  /** Bytes of ours that the peer has acknowledged; Linux counts its SYN and FIN as one each. */
  bytesAcked: number | undefined = undefined;
  /** Bytes of data received, since the connection began. */
  bytesReceived: number | undefined = undefined;
  /** Bytes that wait in the kernel and were not sent even once. */
  bytesNotSent: number | undefined = undefined;
  /** Segments sent, those without data and those sent again included. */
  segmentsSent: number | undefined = undefined;
  /** Segments received, those without data included. */
  segmentsReceived: number | undefined = undefined;
  /** The latest measured rate at which data arrived at the peer, bytes per second; 0: none yet. */
  deliveryRate: number | undefined = undefined;
  /** The rate that the kernel lets data go at, bytes per second; Infinity: no limit. */
  pacingRate: number | undefined = undefined;
  /** Time since data was last sent. */
  sinceDataSentMs: number | undefined = undefined;
  /** Time since data was last received. */
  sinceDataReceivedMs: number | undefined = undefined;
  /** Time with data in flight. */
  busyMs: number | undefined = undefined;
  /** Of that, time in which the peer's window was full. */
  receiveWindowLimitedMs: number | undefined = undefined;
  /** Of that, time in which our send buffer was too small. */
  sendBufferLimitedMs: number | undefined = undefined;
}

// In the order of TcpFigure in native/core/socket_facts.h, behind the state.
const FIGURES = [
  'rttMs',
  'rttVariationMs',
  'rttMinMs',
  'retransmissionTimeoutMs',
  'sendMss',
  'receiveMss',
  'pathMtu',
  'congestionWindow',
  'slowStartThreshold',
  'sendWindow',
  'receiveWindow',
  'unackedSegments',
  'lostSegments',
  'consecutiveTimeouts',
  'retransmittedSegments',
  'retransmittedBytes',
  'bytesSent',
  'bytesAcked',
  'bytesReceived',
  'bytesNotSent',
  'segmentsSent',
  'segmentsReceived',
  'deliveryRate',
  'pacingRate',
  'sinceDataSentMs',
  'sinceDataReceivedMs',
  'busyMs',
  'receiveWindowLimitedMs',
  'sendBufferLimitedMs',
] as const satisfies readonly Exclude<keyof TcpInfo, 'state'>[];

const figures = new Float64Array(1 + FIGURES.length);
const memory = new Uint8Array(figures.buffer);

/**
 * Reports the state of a TCP connection.
 *
 * @param fd - a TCP socket.
 * @param into - filled with it.
 * @returns 0 or -errno; what is no TCP socket: -EOPNOTSUPP, -ENOPROTOOPT or -EINVAL.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see tcp(7) "TCP_INFO", tcp(4)
 */
export function tcp_info(fd: number, into: TcpInfo): number {
  checkFd(fd);
  if (!(into instanceof TcpInfo)) throw invalidType('into', 'a TcpInfo', into);
  const result = native.tcpInfo(fd, memory);
  if (result === REFUSED) return refuseUnnamed();
  if (result < 0) return result;
  into.state = TCP_STATES[figures[0] as number];
  for (const [index, name] of FIGURES.entries()) {
    const figure = figures[1 + index] as number;
    into[name] = Number.isNaN(figure) ? undefined : figure;
  }
  return result;
}
