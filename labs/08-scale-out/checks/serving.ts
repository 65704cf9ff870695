// The hand-over: the protocol, and a thread that is busy.
import { answered, answeredToEnd, linesOf } from '../../src/exam/lines.ts';
import type { Peer } from '../../src/exam/peer.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { askAll, causes, startPool } from './pool.ts';

export const protocol: Check = {
  id: '8.1',
  name: 'the protocol, on one thread and on two',
  points: 2,
  task: 'a',
  did: 'with ten clients, on one thread and then on two: sent a line in two segments, 400 lines in one burst, and QUIT',
  expected: 'each line back in upper case, in order; the end after QUIT',
  causes,
  async run(exam) {
    for (const server of await Promise.all([startPool(exam, 1), startPool(exam, 2)])) {
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
