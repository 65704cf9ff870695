// What a call of the kernel says: what it was asked for, what it answered, and what follows from that.
import type { TraceData } from '../trace/data.ts';
import type { TraceEvent } from '../trace/events.ts';
import { callOf } from '../trace/kinds.ts';
import { callTableOf, type Direction } from './calls.ts';

const FOLLOWS: Readonly<Record<Direction, Readonly<Record<string, string>>>> = {
  read: {
    wait: ' Nothing is left to read now: it is drained.',
    end: ' The peer has sent its last.',
    full: ' As much as was asked for: there may be more.',
    short: ' Less than was asked for: that was all that had come.',
  },
  write: {
    wait: ' There is no room: wait until it is Writable.',
    short: ' Less than was asked for: there is no room for the rest.',
  },
};

/** What an event of `Kind.Call` says; `subject` is the name of its descriptor. */
export function callSentence({ a, b, fd }: TraceEvent, trace: TraceData, subject: string): string {
  const { call, asked } = callOf(b);
  const name = trace.calls[call] ?? `call ${call}`;
  const on = fd < 0 ? '' : ` on ${subject}`;
  const size = asked < 0 ? '' : ` of ${asked} byte${asked === 1 ? '' : 's'}`;
  const answer = a < 0 ? (trace.errors[-a] ?? a) : a;
  if (name === 'accept4' && a >= 0) return `${name}${on}: fd ${a}. There may be more to accept.`;
  return `${name}${size}${on}: ${answer}.${followsFrom(trace, a, b)}`;
}

function followsFrom(trace: TraceData, result: number, b: number): string {
  const table = callTableOf(trace);
  const { call } = callOf(b);
  const direction = table.directions[call];
  if (direction === undefined) return '';
  if (result === table.wouldBlock) return FOLLOWS[direction].wait ?? '';
  if (result === 0 && table.hasBytes[call]) return FOLLOWS[direction].end ?? '';
  return FOLLOWS[direction][table.answerOf(result, b)] ?? '';
}
