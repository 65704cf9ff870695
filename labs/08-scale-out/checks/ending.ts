// How things end: the pool at SIGTERM, and a thread that crashes.

import type { Exam } from '../../src/exam/exam.ts';
import { answeredToEnd, linesOf } from '../../src/exam/lines.ts';
import type { Peer } from '../../src/exam/peer.ts';
import type { Trial } from '../../src/exam/trial.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { askAll, causes, startPool, VARIANTS, type Variant } from './pool.ts';

const MIB = 1024 * 1024;
const WORK_MS = 150;
/** STOP_MS of the pool, and as much again for what it has to do meanwhile, on a machine that is busy. */
const END_MAX_MS = 6000;
/** At so many looks in a row it has taken nothing. */
const STILL_LOOKS = 4;
/** Ten reads of lines.ts, and less than what a socket takes at once. */
const ASKED_BYTES = 40_000;

export const stopping: Check = {
  id: '8.7',
  name: 'SIGTERM',
  points: 3,
  task: 'c',
  did: `had four clients send ${ASKED_BYTES} bytes of lines each, while one thread was busy, then sent SIGTERM; a fifth client reads nothing (not with --reuse-port)`,
  expected:
    'all that was asked is answered, then each client gets the end; connecting is refused; exit code 0, though one client does not read',
  causes: {
    ...causes,
    lost: {
      why: 'The lines were in the socket before SIGTERM: TCP has confirmed to this client that they have arrived, and it waits for their answers. It got {received} bytes. A close with unread bytes in the socket is a reset besides, which destroys answers on their way.',
      next: 'at the end read of each connection until would-block, answer, send all, and only then close',
      read: 'tcp(7), close and RST; the sheet, task c',
    },
    'still listens': {
      why: 'The clients are gone and the process ends, and a new client was welcomed: the kernel does that for as long as the listener is open. No one will answer it.',
      next: 'accept what waits in the queue, then close every listener, before anything else',
      read: 'listen(2); the sheet, task c',
    },
    'exit code': {
      why: 'It was asked to end and has done so with {how}. What has started it takes that for a failure, and starts it again.',
      next: 'let the process run out of work: end each thread, close the reactor; do not throw, and do not exit with a code',
      read: 'the sheet, task c',
    },
  },
  async run(exam) {
    const both = VARIANTS.map((variant) => expectGraceful(exam, variant));
    await Promise.allSettled(both); // no check goes on after its end
    await Promise.all(both);
  },
};

async function expectGraceful(exam: Exam, variant: Variant): Promise<void> {
  const server = await startPool(exam, 2, variant);
  if (variant === 'handed over') await connectDeaf(exam, server);
  const peers = await exam.connectMany(server, 4);
  await askAll(exam, server, peers);
  const lines = linesOf(exam.random, ASKED_BYTES);
  peers[0]?.write(`WORK ${WORK_MS}\n`);
  for (const peer of peers) peer.write(lines);
  const ended = server.end('SIGTERM', END_MAX_MS);
  ended.catch(() => undefined); // what is found before is the reason
  for (const [index, peer] of peers.entries()) {
    const asked = index === 0 ? `WORK ${WORK_MS}\n${lines}` : lines;
    await answeredToEnd(exam, server, peer, asked, 'lost');
  }
  const late = exam.dial(server.port);
  await server.until(() => late.isConnected || late.error !== undefined);
  if (late.isConnected) throw new Miss('still listens', 'a connect was answered');
  const { code, signal } = await ended;
  const how = signal ?? `exit code ${code}`;
  if (code !== 0) throw new Miss('exit code', `it has ended with ${how}`, { how });
}

/** A client that reads nothing, and has sent so much that the program can take no more of it. */
async function connectDeaf(exam: Exam, server: Trial): Promise<void> {
  const deaf = await exam.connect(server, { isPaused: true, receiveBuffer: 4096 });
  deaf.write(linesOf(exam.random, 8 * MIB, 1000));
  let left = Number.POSITIVE_INFINITY;
  let still = 0;
  await server.until(() => {
    still = deaf.unsentBytes === left ? still + 1 : 0;
    left = deaf.unsentBytes;
    return still === STILL_LOOKS;
  });
}

/** As many as there are threads. */
const CRASHES = 2;

export const crash: Check = {
  id: '8.8',
  name: 'a thread that crashes',
  points: 2,
  task: 'c',
  did: 'on two threads with eight clients, had one send CRASH; then had four new clients ask, one of them send CRASH as well, and four more ask',
  expected:
    'the clients of that thread get the end; the others are served, and so are new ones: another thread takes its place',
  causes: {
    ...causes,
    'left open': {
      why: 'A thread has ended, and its connections have not: a descriptor is the process’s, and no kernel closes it for a thread. {open} clients wait for ever, and their numbers are taken for ever.',
      next: 'remember which thread has which descriptors; when it exits, close what it had',
      read: 'docs/semantics.md, "Threads that end"; the sheet, task c',
    },
    'all gone': {
      why: 'One handler has thrown, and all eight clients are gone. The others were of another thread, which has done nothing wrong.',
      next: 'in the handlers "error" and "exit" of a Worker touch only what is of this thread',
      read: 'worker_threads of Node: event "error"',
    },
    'not replaced': {
      why: 'Crash {round}: a client that came after it was not served. Connections are given to a thread that has ended, or to none.',
      next: 'at "exit" take the thread out of those that get connections, and start another one',
      read: 'the sheet, task c',
    },
  },
  async run(exam) {
    const server = await startPool(exam, 2);
    const peers = await exam.connectMany(server, 8);
    await askAll(exam, server, peers);
    await crashBy(server, peers[0] as Peer);
    await expectOthersLive(server, peers.slice(1));
    for (let round = 1; round <= CRASHES; round++) {
      const next = await exam.connectMany(server, 4);
      for (const peer of next) peer.write('x\n');
      const isServed = (): boolean => next.every(({ length, hasEnded }) => length > 0 && !hasEnded);
      await server.until(isServed);
      server.check();
      const count = next.filter(({ length }) => length > 0).length;
      const got = `${count} of 4 new clients were answered after crash ${round}`;
      if (!isServed()) throw new Miss('not replaced', got, { round });
      if (round < CRASHES) await crashBy(server, next[0] as Peer);
    }
  },
};

async function crashBy(server: Trial, peer: Peer): Promise<void> {
  peer.write('CRASH\n');
  await server.until(() => peer.hasEnded);
  server.check();
  if (!peer.hasEnded) {
    throw new Miss('left open', 'the client that sent CRASH waits', { open: 'Its' });
  }
}

async function expectOthersLive(server: Trial, peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) peer.takeAll();
  for (const peer of peers) peer.write('x\n');
  await server.until(() => peers.every(({ length, hasEnded }) => length > 0 || hasEnded));
  server.check();
  const open = peers.filter(({ length, hasEnded }) => length === 0 && !hasEnded).length;
  if (open > 0) throw new Miss('left open', `${open} of its clients wait`, { open });
  if (peers.every(({ hasEnded }) => hasEnded)) throw new Miss('all gone', 'no client is left');
}
