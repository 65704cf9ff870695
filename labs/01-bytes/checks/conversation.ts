// A run of the student's ask against a server of the grader.
import type { Exam } from '../../src/exam/exam.ts';
import type { Peer } from '../../src/exam/peer.ts';
import type { Trial } from '../../src/exam/trial.ts';
import type { Upstream } from '../../src/exam/upstream.ts';
import { type Cause, Miss } from '../../src/lab.ts';

export interface Conversation {
  readonly ask: Trial;
  readonly server: Upstream;
}

export const notConnected: Cause = {
  why: 'A server waits at the host and port that ask got as its arguments, and no connection came.',
  next: 'socket, then connect with the address of the arguments; the starter does',
  read: 'connect(2)',
};

export interface AskOptions {
  readonly isRecorded?: boolean;
  /** Nothing listens at the port. */
  readonly isRefused?: boolean;
}

/** Starts it with a port, and what it is to send. */
export function startAsk(
  exam: Exam,
  input: string,
  { isRecorded = false, isRefused = false }: AskOptions = {},
): Conversation {
  const server = exam.listen({ isRefusing: isRefused });
  const args = ['127.0.0.1', String(server.port)];
  return { server, ask: exam.begin('ask', { args, input, isRecorded }) };
}

/** The server's side of its connection. @throws Miss - 'not connected' */
export async function accepted({ ask, server }: Conversation): Promise<Peer> {
  await ask.until(() => server.peers.length > 0);
  const [peer] = server.peers;
  if (peer !== undefined) return peer;
  ask.check();
  throw new Miss('not connected', 'no connection at the server');
}

/** Waits for its end. @throws Miss - `why`: it goes on. */
export async function finished(ask: Trial, why: string): Promise<number | null> {
  await ask.until(() => !ask.isRunning);
  if (ask.isRunning) throw new Miss(why, 'the server is done, and ask goes on');
  const { code } = await ask.exit;
  return code;
}

/** Waits until it has read so many bytes from its sockets; needs a recorded run. */
export async function hasRead(exam: Exam, ask: Trial, count: number): Promise<void> {
  await ask.until(() => {
    const { ledger } = exam;
    const sockets = ledger.of('socket').map(({ result }) => result);
    const reads = ledger.of('read', 'recv', 'readv', 'recvmsg');
    const counts = reads.map(({ fd, result }) => (sockets.includes(fd) ? Math.max(result, 0) : 0));
    return counts.reduce((sum, each) => sum + each, 0) >= count;
  });
}

/** What it says of an error: one line with the error's name, and exit code 1. @throws Miss - 'unsaid' */
export function checkSaid(code: number | null, errors: string, name: string): void {
  const isNamed = errors.includes(name);
  const isOneLine = /^[^\n]+\n$/.test(errors);
  if (code === 1 && isNamed && isOneLine) return;
  const said = errors === '' ? 'nothing on standard error' : errors.trimEnd().slice(0, 300);
  throw new Miss('unsaid', `exit code ${code}; ${said}`, { name });
}
