// The server that waits for all of its clients at once.
import { socketCount } from '../../src/exam/observe.ts';
import { type Check, Miss } from '../../src/lab.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { comesTrue, talk, talkCauses, tenAtOnce } from './talk.ts';

const IDLE_WAITS_MAX = 5;
const LINES = 40;
const GONE_COUNT = 12;
const CALLS_MAX = 3.2;

export const pollAtOnce: Check = {
  id: '2.7',
  name: 'poll: ten at once, one silent',
  points: 2,
  task: 'c',
  did: 'connected ten clients; the first said nothing, and nine sent three lines each in turn',
  expected: 'each line is answered, though the first client is silent',
  causes: talkCauses,
  run: async (exam) => tenAtOnce(exam, await exam.start('poll')),
};

export const idle: Check = {
  id: '2.8',
  name: 'poll: nothing to do',
  points: 3,
  task: 'c',
  did: 'left three clients silent, after two others had ended, and looked at the waits of the server',
  expected:
    'one wait, with no limit of time, that does not come back; and both that have ended taken out of the set',
  causes: {
    ...talkCauses,
    spins: {
      why: '{count} waits came back while no client did anything. A wait comes back for one of three reasons: its time was up (a timeout of 0 is always up), room to write was asked for (there is nearly always some), or a client that has ended is still watched (its end stays readable until it is closed).',
      next: 'wait with -1, ask for Readable alone, and remove and close a client whose read is 0',
      read: 'docs/semantics.md "Level goes on reporting an end of stream until the descriptor is closed or its read interest removed."',
    },
    'has a limit': {
      why: 'A timeout is for a program that has something else to do at a certain time. This one has not: after {ms} ms the wait comes back with nothing, and again after the next {ms} ms, for as long as no client says anything.',
      next: 'wait with -1: until something happens, however long that takes',
      read: 'poll(2), "timeout"; the sheet, task c',
    },
    'not removed': {
      why: 'Descriptor {fd} was closed while it was still in the set. The number is free then, and the next client gets it: what the set has under that number is what was asked for the client before.',
      next: 'call poller.remove(fd) first, then sys.close(fd)',
      read: 'the sheet, task c; docs/semantics.md "A descriptor that was closed without removing it leaves its number free for a new registration."',
    },
  },
  async run(exam) {
    const server = await exam.start('poll', { isRecorded: true });
    const peers = await exam.connectMany(server, 5);
    for (const peer of peers) await talk(server, peer, 'one\n', 1);
    for (const peer of peers.slice(3)) peer.end();
    await comesTrue(server, () => peers.slice(3).every((peer) => peer.hasEnded));
    const mark = exam.ledger.length;
    const waitsSince = (): number => exam.ledger.since(mark).waits.length;
    await server.until(() => waitsSince() > 500);
    const count = waitsSince();
    if (count > IDLE_WAITS_MAX) throw new Miss('spins', `${count} waits came back`, { count });
    expectNoLimit(exam.ledger);
    expectRemoved(exam.ledger);
  },
};

function expectNoLimit({ waits }: Ledger): void {
  const ms = waits.find(({ a }) => a >= 0)?.a;
  if (ms !== undefined) throw new Miss('has a limit', `poller.wait(${ms})`, { ms });
}

// What is closed has to be out of the set before.
function expectRemoved({ entries }: Ledger): void {
  const watched = new Set<number>();
  for (const { call, fd, result } of entries) {
    if (call === 'poller.add' && result >= 0) watched.add(fd);
    if (call === 'poller.remove' || call === 'poller.removeAndClose') watched.delete(fd);
    if (call === 'close' && watched.has(fd)) {
      throw new Miss('not removed', `close of descriptor ${fd}, which is in the set`, { fd });
    }
  }
}

export const callsPerLine: Check = {
  id: '2.9',
  name: 'poll: calls for a line',
  points: 1,
  task: 'c',
  did: `sent ${LINES} lines one by one, each after the answer to the one before, with five silent clients beside`,
  expected: 'three calls for each: the wait, one recv, one send',
  causes: {
    ...talkCauses,
    many: {
      why: '{count} calls for each line. Level reports what is left at the next wait, so that a second recv which finds nothing is one call too many, and so is a change of the interest that changes nothing.',
      next: 'one recv for an event, one send for its answers; look at what the others are for: {calls}',
      read: 'docs/semantics.md "Level reports a readable descriptor at every wait until it is drained." One read per event is enough.',
    },
  },
  async run(exam) {
    const server = await exam.start('poll', { isRecorded: true });
    const [peer, ...silent] = await exam.connectMany(server, 6);
    if (peer === undefined) return;
    for (const each of [peer, ...silent]) await talk(server, each, 'one\n', 1);
    const mark = exam.ledger.length;
    for (let line = 2; line < LINES + 2; line++) await talk(server, peer, `line ${line}\n`, line);
    const entries = exam.ledger.since(mark).entries.filter(({ call }) => call !== 'report');
    const count = Math.round((entries.length / LINES) * 10) / 10;
    const calls = [...new Set(entries.map(({ call }) => call))].join(', ');
    if (count > CALLS_MAX) throw new Miss('many', `${count} calls for a line`, { count, calls });
  },
};

export const allGone: Check = {
  id: '2.10',
  name: 'busy and poll: after the clients',
  points: 2,
  task: 'c',
  needs: 'proc',
  did: `had ${GONE_COUNT} clients come, say a line, and go: half of them by their end, half by a reset; with busy, then with poll`,
  expected: 'each is closed, no descriptor is left, and the next client is served',
  causes: {
    ...talkCauses,
    'left open': {
      why: '{count} sockets of clients that have gone are still open in {file}. To forget a client is not to close it: its number stays taken, and at the limit of the process no new client gets one.',
      next: 'close the descriptor where you take the client out of your table, for the end and for every error',
      read: 'close(2); getrlimit(2), RLIMIT_NOFILE',
    },
  },
  async run(exam) {
    for (const file of ['busy', 'poll']) {
      const server = await exam.start(file);
      const before = socketCount(server.pid);
      const peers = await exam.connectMany(server, GONE_COUNT);
      for (const peer of peers) await talk(server, peer, 'one\n', 1);
      for (const [index, peer] of peers.entries()) {
        if (index % 2 === 0) peer.end();
        else peer.reset();
      }
      await comesTrue(server, () => socketCount(server.pid) === before);
      server.check();
      const count = socketCount(server.pid) - before;
      if (count > 0) throw new Miss('left open', `${count} sockets in ${file}`, { count, file });
      await talk(server, await exam.connect(server), 'one\n', 1);
    }
  },
};
