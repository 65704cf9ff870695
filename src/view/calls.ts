// What a call of the kernel says about its descriptor: in which direction it moves bytes, and whether
// there may be more to do without waiting.
import type { TraceData } from '../trace/data.ts';
import { callOf } from '../trace/kinds.ts';

/** Which way a call moves bytes. */
export type Direction = 'read' | 'write';

/**
 * What the result of a call says. `nothing`: a wait is needed, or it is the end, or it has failed;
 * `short`: fewer bytes than asked for; `full`: there may be more; `unknown`: it says nothing.
 */
export type Answer = 'nothing' | 'short' | 'full' | 'unknown';

const READS = 'recv recvfrom recvmsg recvmmsg read readv pinnedRecv pinnedRead splice accept4';
const WRITES =
  'send sendto sendmsg sendmmsg sendSegments sendApart write writev pinnedSend pinnedWrite sendfile';
/** Their result is no count of bytes. */
const COUNTLESS = ['accept4', 'recvmmsg', 'sendmmsg'];
/** They read and write several descriptors, which are not recorded. */
const SHARED = ['recvEach', 'sendEach'];
const CLOSES = ['close', 'closeSync', 'poller.removeAndClose'];
/** Eight bytes of eight: perhaps the counter of an eventfd or a timerfd, which one read empties. */
const COUNTER_BYTES = 8;

/** The calls that a trace has, by number. */
export interface CallTable {
  /** Which way each moves bytes; undefined: it moves none. */
  readonly directions: readonly (Direction | undefined)[];
  /** Whether the result is a count of bytes. */
  readonly hasBytes: readonly boolean[];
  /** Whether it moves bytes of descriptors that are not recorded. */
  readonly isShared: readonly boolean[];
  /** Whether its number is another file's afterwards. */
  readonly isClose: readonly boolean[];
  /** The result of one that would have had to wait. */
  readonly wouldBlock: number;
  /** What a result says, with the `b` of the event. */
  answerOf(result: number, b: number): Answer;
}

const tables = new WeakMap<TraceData, CallTable>();

/** What is known of the calls of a trace. */
export function callTableOf(trace: TraceData): CallTable {
  let table = tables.get(trace);
  if (table === undefined) {
    table = makeTable(trace);
    tables.set(trace, table);
  }
  return table;
}

function makeTable({ calls, errors }: TraceData): CallTable {
  const [reads, writes] = [READS.split(' '), WRITES.split(' ')];
  const directions = calls.map((name) => {
    if (reads.includes(name)) return 'read';
    return writes.includes(name) ? 'write' : undefined;
  });
  const accepts = calls.indexOf('accept4');
  const read = calls.indexOf('read');
  const numberOf = (name: string) =>
    -Number(Object.keys(errors).find((number) => errors[number] === name));
  const [interrupted, wouldBlock] = [numberOf('EINTR'), numberOf('EAGAIN')];
  return {
    directions,
    hasBytes: calls.map(
      (name, call) => directions[call] !== undefined && !COUNTLESS.includes(name),
    ),
    isShared: calls.map((name) => SHARED.includes(name)),
    isClose: calls.map((name) => CLOSES.includes(name)),
    wouldBlock,
    answerOf(result, b) {
      const { call, asked } = callOf(b);
      if (result === interrupted) return 'unknown';
      if (asked === 0) return 'unknown';
      // Other errors are of one connection that has failed, or of this process.
      if (call === accepts && result !== wouldBlock) return result < 0 ? 'unknown' : 'full';
      if (result <= 0) return 'nothing';
      if (asked < 0 || (call === read && asked === COUNTER_BYTES)) return 'unknown';
      return result < asked ? 'short' : 'full';
    },
  };
}
