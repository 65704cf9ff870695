// How clients of lab 2 talk: a line, and its number. A server that is always busy never sleeps, so that CPU which
// it has used without an answer shows that none comes.
import { basename } from 'node:path';
import type { Exam } from '../../src/exam/exam.ts';
import { isAsleep } from '../../src/exam/observe.ts';
import type { Peer } from '../../src/exam/peer.ts';
import type { Trial } from '../../src/exam/trial.ts';
import { type Cause, Miss } from '../../src/lab.ts';

/** CPU in which a server comes round to every client thousands of times. */
const SPENT_MAX_MS = 700;

/** Causes of whatever talks to a client. */
export const talkCauses = {
  unanswered: {
    why: 'A line of a client is in the kernel, and the server does not read it: it waits for something else, or goes past it. While one call waits, the thread does nothing for the others.',
    next: 'find the call that it is in when that client has sent its line: strace -p PID, or print in front of each call',
    read: 'the sheet, "Where the thread waits"',
  },
  wrong: {
    why: 'The numbers are those of one client: each has a LineCounter of its own, from its first line to its end, and each line is counted once.',
    next: 'make the LineCounter when the client is accepted, and answer with what answer() returns, once',
    read: 'the sheet, the protocol',
  },
  closed: {
    why: 'The server has closed the connection, and the client had more to say. A client is at its end when a read is 0 or fails; nothing else ends it, and -EAGAIN is no failure but the answer "nothing yet".',
    next: 'close only for 0 and for errors other than sys.WOULD_BLOCK',
    read: 'recv(2), ERRORS: EAGAIN',
  },
} as const satisfies Record<string, Cause>;

/** Waits until something is so. @returns false: the server sleeps, has ended, or was busy long enough. */
export async function comesTrue(server: Trial, isSo: () => boolean): Promise<boolean> {
  const before = server.cpuMs;
  await server.until(() => isSo() || server.cpuMs - before > SPENT_MAX_MS);
  return isSo();
}

/** Sends `text`, and has the numbers from `first` to `last` come back. @throws Miss - one of talkCauses */
export async function talk(
  server: Trial,
  peer: Peer,
  text: string,
  first: number,
  last = first,
): Promise<void> {
  peer.write(text);
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const expected = numbers.map((number) => `${number}\n`).join('');
  await comesTrue(server, () => peer.length >= expected.length || peer.hasEnded);
  const answer = peer.take(expected.length)?.toString();
  if (answer === expected) return;
  server.check();
  const name = basename(server.file);
  const sent = JSON.stringify(text);
  if (answer !== undefined) {
    const got = `${JSON.stringify(answer)} came back for ${sent}, not ${JSON.stringify(expected)}`;
    throw new Miss('wrong', `${name}: ${got}`);
  }
  const came = `${name}: ${peer.length} of ${expected.length} bytes came back for ${sent}`;
  if (peer.hasEnded) {
    const end = peer.error ?? 'the end of the connection';
    throw new Miss('closed', `${came}, then ${end}`);
  }
  const does = isAsleep(server.pid) ? 'sleeps' : 'is busy';
  throw new Miss('unanswered', `${came}; the server ${does}`);
}

/** Ten clients at once, the first of which says nothing until the end. @throws Miss - one of talkCauses */
export async function tenAtOnce(exam: Exam, server: Trial): Promise<void> {
  const silent = await exam.connect(server);
  const others = await exam.connectMany(server, 9);
  for (const line of [1, 2, 3]) {
    for (const peer of others) await talk(server, peer, `line ${line}\n`, line);
  }
  await talk(server, silent, 'one\ntwo\n', 1, 2);
}
