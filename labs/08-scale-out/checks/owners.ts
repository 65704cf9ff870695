// Whose a connection is: which thread reads and writes it, how many each thread has, which thread closes it.

import type { Exam } from '../../src/exam/exam.ts';
import { socketCount } from '../../src/exam/observe.ts';
import type { Trial } from '../../src/exam/trial.ts';
import { type Cause, type Check, Miss } from '../../src/lab.ts';
import { isRead, isWrite, type Ledger } from '../../src/ledger/ledger.ts';
import { askAll, causes, startPool } from './pool.ts';

/** As worker_threads numbers it. */
const MAIN_THREAD = 0;

const ownerCauses = {
  ...causes,
  'several threads': {
    why: 'Descriptor {fd} was read or written by the threads {threads}. Two threads that read one stream get pieces of it each, and none has a whole line; what one keeps between two reads the other does not see.',
    next: 'post each descriptor to one thread, once',
    read: 'the sheet, "The picture"',
  },
};

const burstCauses = {
  dropped: {
    why: '{ended} connections were closed without an answer. The kernel had accepted them, and so had you: what has no place in your queue must not be accepted yet.',
    next: 'leave it in the kernel’s queue while you have no room, or make room: a number costs next to nothing',
    read: 'listen(2), backlog; the sheet, task a',
  },
  'left behind': {
    why: '{waiting} of {clients} clients have no answer. They came at once: one report of the listener stands for all of them.',
    next: 'accept until would-block, or be level-triggered; post each connection, and handle each message',
    read: 'docs/semantics.md "Edge reports a readable descriptor once, until new data arrives."',
  },
} as const satisfies Record<string, Cause>;

/** Clients that are all there, with a line each, before the program can look. */
async function expectBurst(exam: Exam, server: Trial): Promise<void> {
  const clients = exam.isQuick ? 100 : 300;
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
  const got = `${waiting} of ${clients} have no answer`;
  if (waiting > 0) throw new Miss('left behind', got, { waiting, clients });
}

export const oneThread: Check = {
  id: '8.2',
  name: 'each connection is of one thread',
  points: 2,
  task: 'a',
  did: 'had 20 clients ask three times on two threads, and looked which thread has called recv and send on which descriptor',
  expected: 'one thread for each descriptor, and never the one that accepts',
  causes: {
    ...ownerCauses,
    'main serves': {
      why: 'Descriptor {fd} was served by the thread that accepts. While it answers one client it accepts none, and hands none out: all threads wait for one client.',
      next: 'register only the listener in the main thread',
      read: 'the sheet, task a',
    },
  },
  async run(exam) {
    const server = await startPool(exam, 2, 'handed over', true);
    const peers = await exam.connectMany(server, 20);
    for (let round = 0; round < 3; round++) await askAll(exam, server, peers);
    const accepting = acceptingThreads(server.ledger);
    for (const [fd, thread] of ownersOf(server.ledger)) {
      if (!accepting.has(thread)) continue;
      const got = `thread ${thread} has accepted and served descriptor ${fd}`;
      throw new Miss('main serves', got, { fd });
    }
  },
};

const SPREAD_MAX = 3;

export const spread: Check = {
  id: '8.3',
  name: 'a burst of connections, and where they go',
  points: 2,
  task: 'a',
  needs: 'proc',
  did: 'connected hundreds of clients, each with a line, while the process was stopped, then let it go on, on two threads; counted the connections of each',
  expected: `each client has its answer, and the busier thread at most ${SPREAD_MAX} times as many as the other`,
  causes: {
    ...ownerCauses,
    ...burstCauses,
    uneven: {
      why: 'The threads serve {counts} connections. The server is as fast as its busiest thread, and a thread beside it that has nothing to do costs memory.',
      next: 'take the threads in turn, one connection each',
      read: 'docs/multi.md, "ReactorPool": strategies',
    },
  },
  async run(exam) {
    const server = await startPool(exam, 2, 'handed over', true);
    await expectBurst(exam, server);
    const byThread = new Map<number, number>();
    for (const [, thread] of ownersOf(server.ledger)) {
      byThread.set(thread, (byThread.get(thread) ?? 0) + 1);
    }
    const counts = [...byThread.values(), 0].sort((a, b) => b - a).slice(0, 2);
    const [most, least] = counts as [number, number];
    const values = { counts: counts.join(' and ') };
    if (most > SPREAD_MAX * least) throw new Miss('uneven', `${values.counts} connections`, values);
  },
};

export const descriptors: Check = {
  id: '8.5',
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

export const reusePort: Check = {
  id: '8.6',
  name: 'a listener of each thread',
  points: 2,
  task: 'b',
  needs: 'proc',
  did: 'with --reuse-port on two threads, had ten clients ask, then a burst of some hundreds, and looked which thread has accepted, read and written',
  expected:
    'each client is answered, by one thread; both threads accept, and the main thread does not',
  causes: {
    ...ownerCauses,
    ...burstCauses,
    'not its own': {
      why: 'With --reuse-port {threads} accepted. The kernel spreads connections over all sockets that listen at the port, each with a queue of its own: so each thread needs one, and no other socket may listen there.',
      next: 'let each thread make a socket, set SO_REUSEPORT before bind, bind and listen; let the main thread bind one to keep the port, and not listen',
      read: 'socket(7), SO_REUSEPORT; the sheet, task b',
    },
  },
  async run(exam) {
    const server = await startPool(exam, 2, 'reuse-port', true);
    await askAll(exam, server, await exam.connectMany(server, 10));
    await expectBurst(exam, server);
    const accepting = acceptingThreads(server.ledger);
    ownersOf(server.ledger);
    if (accepting.size > 1 && !accepting.has(MAIN_THREAD)) return;
    const threads = accepting.has(MAIN_THREAD) ? 'the main thread has' : 'one thread alone has';
    throw new Miss('not its own', `${threads} accepted`, { threads });
  },
};

function acceptingThreads(ledger: Ledger): Set<number> {
  const accepts = ledger.of('accept4').filter(({ result }) => result >= 0);
  return new Set(accepts.map(({ thread }) => thread));
}

/** The thread that has read and written a descriptor, of those that are all open. @throws Miss - 'several threads'. */
function ownersOf({ entries }: Ledger): Map<number, number> {
  const owners = new Map<number, number>();
  for (const entry of entries) {
    if (entry.call === 'accept4' || entry.result <= 0 || !(isRead(entry) || isWrite(entry)))
      continue;
    const { fd, thread } = entry;
    const owner = owners.get(fd) ?? thread;
    if (owner !== thread) {
      const threads = `${owner} and ${thread}`;
      const got = `descriptor ${fd} was served by the threads ${threads}`;
      throw new Miss('several threads', got, { fd, threads });
    }
    owners.set(fd, owner);
  }
  return owners;
}
