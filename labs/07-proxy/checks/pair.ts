// What the checks of lab 7 have in common: the proxy, a client of it and the server behind it, and what has to
// arrive.
import type { Exam } from '../../src/exam/exam.ts';
import type { Peer } from '../../src/exam/peer.ts';
import type { Trial } from '../../src/exam/trial.ts';
import type { Upstream, UpstreamOptions } from '../../src/exam/upstream.ts';
import { type Cause, Miss } from '../../src/lab.ts';

export interface Stage {
  readonly exam: Exam;
  readonly proxy: Trial;
  readonly upstream: Upstream;
}

/** Both ends of what the proxy has joined. */
export interface Ends {
  readonly client: Peer;
  readonly server: Peer;
}

export interface StageOptions extends UpstreamOptions {
  readonly isRecorded?: boolean;
}

/** Starts the proxy before a server of the grader. */
export async function startProxy(exam: Exam, options: StageOptions = {}): Promise<Stage> {
  const { isRecorded = false, ...upstreamOptions } = options;
  const upstream = exam.listen(upstreamOptions);
  const args = ['--to', `127.0.0.1:${upstream.port}`];
  return { exam, upstream, proxy: await exam.start('main', { args, isRecorded }) };
}

/** A client, and the connection that the proxy has made for it. @throws Miss - 'not connected' */
export async function connectPair({ exam, proxy, upstream }: Stage): Promise<Ends> {
  const { peers } = upstream;
  const before = peers.length;
  const client = await exam.connect(proxy);
  await proxy.until(() => peers.length > before);
  const server = peers[before];
  if (server !== undefined) return { client, server };
  await checkRunning(proxy);
  const state = client.error ?? (client.hasEnded ? 'the end' : 'nothing');
  throw new Miss('not connected', `no connection at the server; the client has got ${state}`);
}

/** Something has not come: the reason may be that the proxy has ended. @throws Miss - 'crashed' */
export async function checkRunning(proxy: Trial): Promise<void> {
  await proxy.until(() => !proxy.isRunning);
  proxy.check();
}

/** Waits for all bytes of a stream. @throws Miss - 'stuck', 'mixed', 'cut'. */
export async function expectBytes(
  proxy: Trial,
  peer: Peer,
  wanted: Buffer,
  at: string,
): Promise<void> {
  await proxy.until(() => peer.length >= wanted.length || peer.hasEnded);
  const got = peer.takeAll();
  if (got.equals(wanted)) return;
  await checkRunning(proxy);
  const values = { received: got.length, all: wanted.length };
  if (!wanted.subarray(0, got.length).equals(got)) {
    throw new Miss('mixed', `another byte at ${differenceOf(got, wanted)}, ${at}`, values);
  }
  const end = peer.error ?? (peer.hasEnded ? 'the end' : 'nothing more');
  const said = `${got.length} of ${wanted.length} bytes, then ${end}, ${at}`;
  throw new Miss(peer.hasEnded ? 'cut' : 'stuck', said, values);
}

function differenceOf(got: Buffer, wanted: Buffer): number {
  let at = 0;
  while (got[at] === wanted[at]) at++;
  return at;
}

/** The same, and the end behind them. @throws Miss - also 'no end'. */
export async function expectStream(
  proxy: Trial,
  peer: Peer,
  wanted: Buffer,
  at: string,
): Promise<void> {
  await expectBytes(proxy, peer, wanted, at);
  await proxy.until(() => peer.hasEnded);
  if (peer.hasEnded && peer.error === undefined && peer.length === 0) return;
  await checkRunning(proxy);
  const seen = peer.error ?? (peer.length > 0 ? `${peer.length} bytes more` : 'no end');
  throw new Miss('no end', `all ${wanted.length} bytes, and ${seen}, ${at}`);
}

/** Calls a function of simulated.ts. */
export function simulated(exam: Exam, name: string, runs = 1): Promise<void> {
  const module = new URL('../simulated.js', import.meta.url);
  return exam.simulate({ module, name, program: 'proxy', runs, seconds: SECONDS_MAX });
}

/** CPU of simulated runs. All of them take a fraction of a second. */
const SECONDS_MAX = 3;

export const notConnected = {
  'not exported': {
    why: 'The grader imports proxy.ts, and calls createProxy({ host, port, to, connectMs, idleMs }).',
    next: 'export it, as the starter does',
    read: 'the sheet, "The contract"',
  },
  'not connected': {
    why: 'A client was accepted, and its server has seen no connection. For each client the proxy makes one of its own: socket, connect, register.',
    next: 'connect to the place of `to`, on a non-blocking socket; -EINPROGRESS says that it is under way',
    read: 'connect(2): EINPROGRESS; the sheet, task a',
  },
} as const satisfies Record<string, Cause>;

export const common = {
  ...notConnected,
  stuck: {
    why: 'One end waits for bytes that the other has sent. They are in a queue of yours that no event brings you back to, or in the kernel, and you no longer read there.',
    next: 'after each event, compute the interest of both sides anew: Readable while the queue of the other has room, Writable while there is something in its own',
    read: 'the sheet, task b',
  },
  mixed: {
    why: 'Bytes are lost, doubled, in another order, or of another direction or pair.',
    next: 'one queue for each direction of each pair; keep what send did not take, from its first byte on',
    read: 'send(2): a short count is no error; the sheet, task b',
  },
  cut: {
    why: 'The end has come before the bytes that were sent in front of it: {received} of {all}.',
    next: 'look for the close or shutdown that is done while something waits in the queue',
    read: 'shutdown(2); the sheet, task c',
  },
  'no end': {
    why: 'All bytes are there, and the end that was sent behind them is not. A program that reads to the end waits for ever.',
    next: 'when recv gives 0 and the queue to the other side has gone: shutdown of the other side, SHUT_WR',
    read: 'shutdown(2); the sheet, task c',
  },
} as const satisfies Record<string, Cause>;
