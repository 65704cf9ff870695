// How things end: the pool at SIGTERM, a thread that crashes, connections, and many that begin at once.

import type { Exam } from '../../src/exam/exam.ts';
import { answeredToEnd, linesOf } from '../../src/exam/lines.ts';
import { socketCount } from '../../src/exam/observe.ts';
import type { Peer } from '../../src/exam/peer.ts';
import type { Trial } from '../../src/exam/trial.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { askAll, causes, startPool } from './pool.ts';

const MIB = 1024 * 1024;
const WORK_MS = 300;
const BEGUN_MS = 30;
/** Ten reads of lines.ts, and less than what a socket takes at once. */
const ASKED_BYTES = 40_000;

export const stopping: Check = {
  id: '8.5',
  name: 'SIGTERM',
  points: 3,
  task: 'c',
  needs: 'proc',
  did: `had four clients send ${ASKED_BYTES} bytes of lines each, while one thread was busy, then sent SIGTERM; a fifth client reads nothing (not with --reuse-port)`,
  expected:
    'all that was asked is answered, then each client gets the end; connecting is refused; exit code 0, in a second or a little more though one client does not read',
  causes: {
    ...causes,
    lost: {
      why: 'The lines were in the socket before SIGTERM: this client was told by TCP that they have arrived, and has a right to their answers. It got {received} bytes. A close with unread bytes in the socket is a reset besides, which destroys answers on their way.',
      next: 'at the end read of each connection until would-block, answer, send all, and only then close',
      read: 'tcp(7), close and RST; the sheet, task c',
    },
    'still listens': {
      why: 'The clients are gone and the process ends, and a new client was welcomed: the kernel does that for as long as the listener is open. No one will answer it.',
      next: 'accept what waits in the queue, then close every listener, before anything else',
      read: 'listen(2); the sheet, task c',
    },
    'exit code': {
      why: 'It was asked to end and has done so with {how}. Whoever has started it takes that for a failure, and starts it again.',
      next: 'let the process run out of work: end each thread, close the reactor; do not throw, and do not exit with a code',
      read: 'the sheet, task c',
    },
  },
  async run(exam) {
    for (const variant of ['handed over', 'reuse-port'] as const) {
      const server = await startPool(exam, 2, variant);
      const peers = await exam.connectMany(server, 4);
      await askAll(exam, server, peers);
      if (variant === 'handed over') await connectDeaf(exam, server);
      await expectGraceful(exam, server, peers);
    }
  },
};

async function connectDeaf(exam: Exam, server: Trial): Promise<void> {
  const deaf = await exam.connect(server, { isPaused: true, receiveBuffer: 4096 });
  deaf.write(linesOf(exam.random, 8 * MIB, 1000));
  await server.until(() => deaf.hasEnded); // it sleeps: it could send no more
}

async function expectGraceful(exam: Exam, server: Trial, peers: readonly Peer[]): Promise<void> {
  const before = server.cpuMs;
  peers[0]?.write(`WORK ${WORK_MS}\n`);
  await server.until(() => server.cpuMs - before > BEGUN_MS);
  const lines = linesOf(exam.random, ASKED_BYTES);
  for (const peer of peers) peer.write(lines);
  const ended = server.end();
  ended.catch(() => undefined); // what is found before is the reason
  for (const [index, peer] of peers.entries()) {
    const asked = index === 0 ? `WORK ${WORK_MS}\n${lines}` : lines;
    await answeredToEnd(exam, server, peer, asked, 'lost');
  }
  const late = exam.dial(server.port);
  await server.until(() => late.isConnected || late.error !== undefined);
  if (late.error !== 'ECONNREFUSED') throw new Miss('still listens', 'a connect was answered');
  const { code, signal } = await ended;
  const how = signal ?? `exit code ${code}`;
  if (code !== 0) throw new Miss('exit code', `it has ended with ${how}`, { how });
}

const CRASHES = 3;

export const crash: Check = {
  id: '8.6',
  name: 'a thread that crashes',
  points: 2,
  task: 'c',
  did: `on two threads with eight clients, had one send CRASH; then, ${CRASHES} times, four new clients ask, and one of them send CRASH as well`,
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

export const descriptors: Check = {
  id: '8.7',
  name: 'no descriptor lost, none closed twice',
  points: 2,
  task: 'a',
  needs: 'proc',
  did: 'on two threads had 90 clients ask, then leave by an end, a reset and QUIT, and 30 reset at once after connecting; counted the sockets before and after, and looked at each close',
  expected: 'as many sockets as before, and no close that fails',
  causes: {
    ...causes,
    leaks: {
      why: 'All clients have left, and {count} of their {of} sockets are open: the thread that was given a descriptor leaves it to the one that has accepted it, and that to the thread. At the limit of descriptors the server takes no one any more.',
      next: 'let one of the two close: the thread posts the number back when the client has left, and the main thread closes',
      read: 'close(2); the sheet, task a',
    },
    'closed twice': {
      why: 'A close has failed with EBADF: the number was closed before. Had it been given out anew between the two, this close would have ended the connection of another client.',
      next: 'let one thread close each descriptor, and the other forget it',
      read: 'close(2), EBADF; docs/semantics.md, "The owner of a descriptor"',
    },
  },
  async run(exam) {
    const server = await startPool(exam, 2, 'handed over', true);
    const before = socketCount(server.pid);
    const peers = await exam.connectMany(server, 90);
    await askAll(exam, server, peers);
    for (const [index, peer] of peers.entries()) {
      if (index % 3 === 0) peer.end();
      if (index % 3 === 1) peer.reset();
      if (index % 3 === 2) peer.write('QUIT\n');
    }
    for (const peer of await exam.connectMany(server, 30)) peer.reset();
    await server.until(() => socketCount(server.pid) <= before);
    server.check();
    const count = socketCount(server.pid) - before;
    const values = { count, of: 120 };
    if (count > 0) throw new Miss('leaks', `${count} of 120 sockets are left`, values);
    const failed = exam.ledger.of('close').find(({ result }) => result < 0);
    if (failed === undefined) return;
    throw new Miss('closed twice', `close(${failed.fd}) of thread ${failed.thread} has failed`);
  },
};

export const burst: Check = {
  id: '8.8',
  name: 'a burst of connections',
  points: 2,
  task: 'b',
  needs: 'proc',
  did: 'connected 300 clients (100 when quick), each with a line, while the process was stopped, and let it go on; handed over and with --reuse-port',
  expected: 'each client has its answer',
  causes: {
    ...causes,
    dropped: {
      why: '{ended} connections were closed without an answer. They had been accepted, by the kernel and by you; what has no place in your queue must not be accepted yet.',
      next: 'leave it in the kernel’s queue while you have no room, or make room: a number costs next to nothing',
      read: 'listen(2), backlog; the sheet, task b',
    },
    'left behind': {
      why: '{waiting} of {clients} clients have no answer. One report of a listener may stand for many connections, and one message of a thread as well.',
      next: 'accept until would-block, or be level-triggered; handle each message',
      read: 'docs/semantics.md "Edge reports a readable descriptor once, until new data arrives."',
    },
  },
  async run(exam) {
    const clients = exam.isQuick ? 100 : 300;
    for (const variant of ['handed over', 'reuse-port'] as const) {
      const server = await startPool(exam, 2, variant);
      const peers = Array.from({ length: clients }, () => exam.dial(server.port));
      await server.frozen(async () => {
        for (const peer of peers) peer.write('x\n');
        await server.until(() => peers.every(({ isConnected }) => isConnected));
      });
      await server.until(() => peers.every(({ length, hasEnded }) => length > 0 || hasEnded));
      server.check();
      const ended = peers.filter(({ length, hasEnded }) => length === 0 && hasEnded).length;
      if (ended > 0) throw new Miss('dropped', `${ended} of ${clients} were closed`, { ended });
      const waiting = peers.filter(({ length }) => length === 0).length;
      const values = { waiting, clients };
      if (waiting > 0) throw new Miss('left behind', `${waiting} of ${clients} wait`, values);
      await server.end('SIGKILL');
    }
  },
};
