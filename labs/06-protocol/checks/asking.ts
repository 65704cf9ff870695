// What the checks of lab 6 have in common: a question and its answer, and why one does not come.
import type { Exam } from '../../src/exam/exam.ts';
import type { Peer } from '../../src/exam/peer.ts';
import type { Trial } from '../../src/exam/trial.ts';
import { type Cause, Miss } from '../../src/lab.ts';
import { firstDifference } from './wire.ts';

/** Waits for an answer. @throws Miss - 'no answer', 'wrong answer'. */
export async function expectAnswer(
  server: Trial,
  peer: Peer,
  wanted: Uint8Array | string,
  what: string,
): Promise<void> {
  const expected = Buffer.from(wanted);
  const isThere = await server.until(() => peer.length >= expected.length || peer.hasEnded);
  if (!isThere || peer.length < expected.length) server.check();
  const got = peer.take(expected.length) ?? peer.takeAll();
  if (got.equals(expected)) return;
  throw missOf(Buffer.concat([got, peer.takeAll()]), expected, peer.hasEnded, what);
}

/**
 * Answers that are not the expected ones: the first that differs, and why it may.
 * @param got - with what has come behind them.
 * @param what - which command it is the answer to, or which command that of a number is.
 */
export function missOf(
  got: Buffer,
  expected: Buffer,
  hasEnded: boolean,
  what: string | ((index: number) => string),
): Miss {
  const { index, ...first } = firstDifference(got, expected);
  const end = hasEnded ? ', then the end' : '';
  const said = `${first.got}${end}, not ${first.expected}`;
  const why = whyNot(got, expected, hasEnded);
  if (typeof what === 'function') return new Miss(why, `${said}, ${what(index)}`);
  const which = index > 0 ? `answer ${index + 1}: ` : '';
  return new Miss(why, `${which}${said}, ${what}`);
}

function whyNot(got: Buffer, expected: Buffer, hasEnded: boolean): keyof typeof common {
  if (!expected.subarray(0, got.length).equals(got)) return 'wrong answer';
  return hasEnded ? 'ended' : 'no answer';
}

/** Calls a function of simulated.ts. */
export function simulated(exam: Exam, name: string): Promise<void> {
  const module = new URL('../simulated.js', import.meta.url);
  return exam.simulate({ module, name, program: 'server', runs: 1 });
}

export const common = {
  'not exported': {
    why: 'The grader imports server.ts, and calls createServer({ host, port }).',
    next: 'export it, as the starter does',
    read: 'the sheet, "The contract"',
  },
  'no answer': {
    why: 'The client has sent all that it has to, and waits. What the server has read lies in a buffer that no event will bring it back to, or was thrown away; or the answer lies in a queue that no one sends.',
    next: 'after each push, take commands until next() gives undefined; after the last one, send the queue',
    read: 'the sheet, tasks a and b',
  },
  'wrong answer': {
    why: 'Answers have no number: a client knows by their order which command each belongs to, and by its length where it ends. One byte too many or too few shifts all that follow.',
    next: 'compare the bytes above with the table of answers in the sheet',
    read: 'the sheet, "The protocol"',
  },
  ended: {
    why: 'The connection was closed before the answer was complete. A server closes a client that does not speak the protocol; this one has done so for what is right, or for bytes of another client that came between.',
    next: 'print what next() throws, and the bytes that it has at that moment',
    read: 'the sheet, task a',
  },
  stuck: {
    why: 'The server waits, and nothing is on its way to it any more.',
    next: 'find the bytes that it has read and not used',
    read: 'the sheet, task a',
  },
} as const satisfies Record<string, Cause>;
