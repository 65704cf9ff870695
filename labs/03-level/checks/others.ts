// Task e: one client never harms another.
import type { Exam } from '../../src/exam/exam.ts';
import { ask, lineCauses, linesOf } from '../../src/exam/lines.ts';
import type { Peer } from '../../src/exam/peer.ts';
import type { Trial } from '../../src/exam/trial.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { isRead, isWait, type Ledger } from '../../src/ledger/ledger.ts';
import { doesNotWait, expectWaiting } from './writing.ts';

const MIB = 1024 * 1024;
const READS_MAX = 4;

export const inTurns: Check = {
  id: '3.8',
  name: 'one that never stops, and ten with a line each',
  points: 2,
  task: 'e',
  did: 'had 4 MB of one client and a line of each of ten others wait, all at once',
  expected: `at most ${READS_MAX} reads of a client for each report of it`,
  causes: {
    ...lineCauses,
    greedy: {
      why: 'After one report it has read {reads} times from the same client, which sent faster than it read. Meanwhile ten others waited for one line. Under level nothing is lost by a single read: what is left is reported again, behind the others.',
      next: 'read once for each report, and go on to the next event',
      read: 'docs/semantics.md "Level reports a readable descriptor at every wait until it is drained."',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const flooder = await exam.connect(server);
    const others = await exam.connectMany(server, 10);
    for (const peer of [flooder, ...others]) await ask(exam, server, peer, 'first');
    const mark = exam.ledger.length;
    const flood = linesOf(exam.random, 4 * MIB, 1000);
    await server.frozen(() => {
      flooder.write(flood);
      for (const other of others) other.write('ping\n');
    });
    for (const other of others) await exam.receive(server, other, 5, 'stuck');
    await exam.receive(server, flooder, flood.length, 'stuck');
    const [first = -1] = exam.ledger.accepted;
    const reads = mostReads(exam.ledger, first);
    if (exam.ledger.since(mark).waits.length === 0 || reads > READS_MAX) {
      throw new Miss('greedy', `${reads} reads for one report`, { reads });
    }
  },
};

// Between two waits: each report of it is of a wait.
function mostReads({ entries }: Ledger, fd: number): number {
  let most = 0;
  let reads = 0;
  for (const entry of entries) {
    if (isWait(entry)) reads = 0;
    else if (entry.fd === fd && isRead(entry)) reads++;
    most = Math.max(most, reads);
  }
  return most;
}

export const comeAndGo: Check = {
  id: '3.9',
  name: 'clients that come and go, also by a reset',
  points: 2,
  task: 'e',
  did: 'had 30 clients end, reset, or reset in the middle of a line, while one stayed',
  expected: 'every descriptor closed but that of the one which stayed, and that one served',
  causes: {
    ...lineCauses,
    leaks: {
      why: 'A descriptor is open until you close it, also when its connection is long gone. {count} of {of} are open; at 1,024 the server takes no client any more.',
      next: 'at a read of 0 and at every error: remove it from the set, close it, forget the client',
      read: 'close(2); docs/semantics.md "Level goes on reporting an end of stream until the descriptor is closed or its read interest removed."',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const stays = await exam.connect(server);
    await ask(exam, server, stays, 'first');
    const peers = await exam.connectMany(server, 30);
    for (const peer of peers) await ask(exam, server, peer, 'x');
    for (const [index, peer] of peers.entries()) {
      if (index % 3 === 0) peer.end();
      if (index % 3 === 1) peer.write('half a li');
      if (index % 3 !== 0) peer.reset();
    }
    const left = (): number => openClients(exam).length - 1;
    await server.until(() => left() === 0);
    server.check();
    const count = left();
    const of = peers.length;
    if (count !== 0)
      throw new Miss('leaks', `${count} of ${of} descriptors are open`, { count, of });
    await ask(exam, server, stays, 'last');
  },
};

function openClients({ ledger }: Exam): number[] {
  const accepted = new Set(ledger.accepted);
  return ledger.unclosed.filter((fd) => accepted.has(fd));
}

const CLIENTS = 40;
const PLACES = 10;
const WAITS_MAX = 400;

export const noDescriptor: Check = {
  id: '3.10',
  name: 'no descriptor left',
  points: 2,
  task: 'e',
  needs: 'proc',
  did: `let the program have ${PLACES} more descriptors, and connected ${CLIENTS} clients`,
  expected:
    'those that it has a descriptor for are served, it sleeps, and the others follow as these leave',
  causes: {
    'serves none': {
      why: 'accept4 has answered -EMFILE: the limit of descriptors is reached. The connections that were accepted before have theirs; only {served} of {clients} had an answer.',
      next: 'take -EMFILE as an answer of accept4, like would-block: go on with what there is',
      read: 'accept(2): EMFILE; getrlimit(2): RLIMIT_NOFILE',
    },
    spins: {
      why: 'The connection that accept4 could not take is still in the queue of the listener, so a level-triggered set reports it at every wait: {waits} came back, and no client was helped by any.',
      next: 'at EMFILE take Readable out of the interest of the listener, until a client has been closed',
      read: 'docs/semantics.md "Level reports a readable descriptor at every wait until it is drained."',
    },
    'does not wait': doesNotWait,
    'never again': {
      why: 'Clients have left, and their descriptors are free. {waiting} others are in the queue of the listener, and it is not watched any more.',
      next: 'watch the listener again each time a client is closed',
      read: 'the sheet, task e',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    server.leaveDescriptors(PLACES);
    const peers = await exam.connectMany(server, CLIENTS);
    for (const peer of peers) peer.write('x\n');
    await expectServed(exam, server, peers);
    const isServed = (peer: Peer): boolean => peer.length >= 2;
    const goOn = (): boolean => {
      for (const peer of peers) if (isServed(peer)) peer.end();
      return peers.every(isServed);
    };
    if (await server.until(goOn)) return;
    server.check();
    const waiting = peers.filter((peer) => !isServed(peer)).length;
    throw new Miss('never again', `${waiting} clients wait`, { waiting });
  },
};

async function expectServed(exam: Exam, server: Trial, peers: readonly Peer[]): Promise<void> {
  const waits = (): number => exam.ledger.waits.length;
  await server.until(() => waits() > WAITS_MAX);
  server.check();
  if (waits() > WAITS_MAX) expectWaiting(exam.ledger);
  if (waits() > WAITS_MAX) throw new Miss('spins', `${waits()} waits`, { waits: waits() });
  const served = peers.filter(({ length }) => length > 0).length;
  const clients = peers.length;
  if (served >= PLACES / 2) return;
  throw new Miss('serves none', `${served} of ${clients} had an answer`, { served, clients });
}
