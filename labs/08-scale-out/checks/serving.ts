// Which thread serves which connection: the protocol, ownership, distribution, and a thread that is busy.
import { answered, answeredToEnd, linesOf } from '../../src/exam/lines.ts';
import type { Peer } from '../../src/exam/peer.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { isRead, isWrite, type Ledger } from '../../src/ledger/ledger.ts';
import { askAll, causes, startPool, type Variant } from './pool.ts';

/** As worker_threads numbers it. */
const MAIN_THREAD = 0;

export const protocol: Check = {
  id: '8.1',
  name: 'the protocol, on one thread and on two',
  points: 2,
  task: 'a',
  did: 'started one thread with connections handed over, then two with --reuse-port; sent a line in pieces, 400 lines in one burst, and QUIT, with ten clients each time',
  expected: 'each line back in upper case, in order; the end after QUIT',
  causes,
  async run(exam) {
    for (const [threads, variant] of [
      [1, 'handed over'],
      [2, 'reuse-port'],
    ] as const) {
      const server = await startPool(exam, threads, variant);
      const peers = await exam.connectMany(server, 10);
      for (const peer of peers) peer.write('in two ');
      await askAll(exam, server, await exam.connectMany(server, 1));
      for (const peer of peers) peer.write('pieces\n');
      for (const peer of peers) await answered(exam, server, peer, 'in two pieces\n');
      const lines = linesOf(exam.random, 400 * 20, 20);
      for (const peer of peers) peer.write(`${lines}QUIT\n`);
      for (const peer of peers) await answeredToEnd(exam, server, peer, lines, 'stuck');
    }
  },
};

export const oneThread: Check = {
  id: '8.2',
  name: 'each connection is of one thread',
  points: 2,
  task: 'a',
  did: 'had 20 clients ask three times on two threads, handed over and with --reuse-port, and looked which thread has called recv and send on which descriptor',
  expected:
    'one thread for each descriptor; the accepting thread reads and sends nothing when it hands over, and accepts nothing with --reuse-port',
  causes: {
    ...causes,
    'several threads': {
      why: 'Descriptor {fd} was read or written by the threads {threads}. Two threads that read one stream each get pieces of it, and none has a whole line; what one keeps between two reads the other does not see.',
      next: 'post each descriptor to one thread, once',
      read: 'the sheet, "The picture"',
    },
    'main serves': {
      why: 'Descriptor {fd} was served by the thread that accepts. While it answers one client it accepts none, and hands none out: all threads wait for one client.',
      next: 'register only the listener in the main thread',
      read: 'the sheet, task a',
    },
    'not its own': {
      why: 'With --reuse-port {threads} accepted: the kernel spreads connections over all sockets that listen at the port, and here not each thread has one.',
      next: 'let each thread make a socket, set SO_REUSEPORT before bind, bind and listen; the main thread only keeps the port, and does not listen',
      read: 'socket(7), SO_REUSEPORT; the sheet, task b',
    },
  },
  async run(exam) {
    for (const variant of ['handed over', 'reuse-port'] as const) {
      const server = await startPool(exam, 2, variant, true);
      const peers = await exam.connectMany(server, 20);
      for (let round = 0; round < 3; round++) await askAll(exam, server, peers);
      expectOwners(exam.ledger, variant);
    }
  },
};

function expectOwners(ledger: Ledger, variant: Variant): void {
  const accepts = ledger.of('accept4').filter(({ result }) => result >= 0);
  const accepting = new Set(accepts.map(({ thread }) => thread));
  for (const [fd, threads] of ownersOf(ledger)) {
    const named = threads.join(' and ');
    const got = `descriptor ${fd} was served by thread ${named}`;
    if (threads.length > 1) throw new Miss('several threads', got, { fd, threads: named });
    const isAccepting = threads.some((thread) => accepting.has(thread));
    if (variant === 'handed over' && isAccepting) throw new Miss('main serves', got, { fd });
  }
  if (variant === 'handed over' || (accepting.size > 1 && !accepting.has(MAIN_THREAD))) return;
  const threads = accepting.has(MAIN_THREAD) ? 'the main thread' : 'one thread alone';
  throw new Miss('not its own', `with --reuse-port ${threads} has accepted`, { threads });
}

/** By descriptor, the threads that have read or written it. Numbers that are used again are not told apart. */
function ownersOf(ledger: Ledger): Map<number, number[]> {
  const owners = new Map<number, number[]>();
  for (const entry of ledger.entries) {
    if (entry.result <= 0 || !(isRead(entry) || isWrite(entry)) || entry.call === 'accept4')
      continue;
    const threads = owners.get(entry.fd) ?? [];
    if (!threads.includes(entry.thread)) owners.set(entry.fd, [...threads, entry.thread]);
  }
  return owners;
}

const SPREAD_THREADS = 3;
const SPREAD_MAX = 3;

export const spread: Check = {
  id: '8.3',
  name: 'no thread has most of the connections',
  points: 2,
  task: 'a',
  did: `connected 150 clients (60 when quick) to ${SPREAD_THREADS} threads, and counted the connections that each serves`,
  expected: `the busiest thread has at most ${SPREAD_MAX} times as many as the least busy one`,
  causes: {
    ...causes,
    uneven: {
      why: 'The threads serve {counts} connections. The server is as fast as its busiest thread, and threads beside it that have nothing to do cost memory.',
      next: 'take the threads in turn, one connection each',
      read: 'docs/multi.md, "ReactorPool": strategies',
    },
  },
  async run(exam) {
    const server = await startPool(exam, SPREAD_THREADS, 'handed over', true);
    const peers = await exam.connectMany(server, exam.isQuick ? 60 : 150);
    await askAll(exam, server, peers);
    const byThread = new Map<number, number>();
    for (const [, threads] of ownersOf(exam.ledger)) {
      for (const thread of threads) byThread.set(thread, (byThread.get(thread) ?? 0) + 1);
    }
    const counts = [...byThread.values()].sort((a, b) => b - a);
    while (counts.length < SPREAD_THREADS) counts.push(0);
    const isEven = (counts[0] as number) <= SPREAD_MAX * (counts.at(-1) as number);
    const values = { counts: counts.join(', ') };
    if (!isEven) throw new Miss('uneven', `${values.counts} connections`, values);
  },
};

const WORK_MS = 2000;
/** It has begun to work: so much CPU is more than a few lines take. */
const BEGUN_MS = 30;
const CLIENTS = 8;
/** Half of them are on the other thread, when they are given out in turn. */
const SERVED_MIN = 3;

export const busyThread: Check = {
  id: '8.4',
  name: 'a thread that is busy',
  points: 2,
  task: 'a',
  needs: 'proc',
  did: `on two threads, kept one busy with WORK ${WORK_MS}, and meanwhile had ${CLIENTS} clients ask, and ${CLIENTS} new ones connect and ask`,
  expected: `the clients of the other thread, ${SERVED_MIN} or more each time, have their answers while the first is at work`,
  causes: {
    ...causes,
    'others wait': {
      why: 'One thread computes, and only {served} of {clients} clients had an answer: the others are served by this thread, all of them. More threads do not help a server that uses one.',
      next: 'start as many threads as --threads says, and give connections to each of them',
      read: 'worker_threads of Node: new Worker; the sheet, task a',
    },
    'new ones wait': {
      why: 'The clients that were there are served, and of {clients} new ones only {served}: the main thread waits for the busy one before it accepts on. What it hands over lies in that thread until it has time; nothing needs to be waited for.',
      next: 'post the descriptor, and go on',
      read: 'the sheet, task a',
    },
  },
  async run(exam) {
    const server = await startPool(exam, 2);
    const [busy, ...others] = await exam.connectMany(server, CLIENTS + 1);
    await askAll(exam, server, [busy as Peer, ...others]);
    const before = server.cpuMs;
    busy?.write(`WORK ${WORK_MS}\n`);
    await server.until(() => server.cpuMs - before > BEGUN_MS);
    const expectServed = async (peers: readonly Peer[], why: string): Promise<void> => {
      for (const peer of peers) peer.write('x\n');
      const count = (): number => peers.filter(({ length }) => length > 0).length;
      const isDone = (): boolean => count() >= SERVED_MIN || (busy?.length ?? 0) > 0;
      await server.until(isDone);
      server.check();
      const [served, clients] = [count(), peers.length];
      if (busy?.length === 0 && served >= SERVED_MIN) return;
      const got = `${served} of ${clients} were answered before WORK was`;
      throw new Miss(why, got, { served, clients });
    };
    await expectServed(others, 'others wait');
    await expectServed(await exam.connectMany(server, CLIENTS), 'new ones wait');
    await server.end('SIGKILL'); // it would answer first
  },
};
