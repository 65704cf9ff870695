// Tasks c and d: room to write, and one client that must not take all turns.
import type { Exam } from '../../src/exam/exam.ts';
import { answered, ask, linesOf } from '../../src/exam/lines.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { isRead, isWait, type Ledger } from '../../src/ledger/ledger.ts';
import { edgeCauses } from './causes.ts';

const MIB = 1024 * 1024;
const PINGERS = 50;
/** Of the sheet: 64 KB, and the read that goes beyond; twice that, since a ratio is what counts. */
const ROUND_MAX = 160 * 1024;

export const inTurns: Check = {
  id: '4.7',
  name: `one that never stops, and ${PINGERS} with a line each`,
  points: 2,
  task: 'd',
  did: `had 4 MB of one client and a line of each of ${PINGERS} others wait, all at once`,
  expected:
    'all answers; and no more than 64 KB read from one client before the others have their turn',
  causes: {
    ...edgeCauses,
    greedy: {
      why: 'Drained is not the same as fair: {bytes} bytes were read from one client before the next look at the others. As long as it sends faster than you read, would-block never comes, and no one else does.',
      next: 'stop after 64 KB, put the client into a ready queue of your own, and go on with the next; the queue is served in the next turn, whose wait does not sleep',
      read: 'docs/semantics.md "An edge reader that stops at its budget is called again in the next turn."',
    },
    'lost at the budget': {
      why: 'What stopped at its budget is known to no one but you: the kernel has reported it. {received} of {count} bytes came back.',
      next: 'keep a client in the ready queue until would-block, also in turns in which others are reported',
      read: 'docs/semantics.md "An edge reader that stops early is not called again while the peer is silent."',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const flooder = await exam.connect(server);
    const others = await exam.connectMany(server, PINGERS);
    for (const peer of [flooder, ...others]) await ask(exam, server, peer, 'first');
    const flood = linesOf(exam.random, 4 * MIB, 1000);
    await server.frozen(() => {
      flooder.write(flood);
      for (const other of others) other.write('ping\n');
    });
    for (const other of others) await answered(exam, server, other, 'ping\n');
    await answered(exam, server, flooder, flood, 'lost at the budget');
    const [first = -1] = exam.ledger.accepted;
    const bytes = mostInOneRound(exam.ledger, first);
    if (bytes > ROUND_MAX) throw new Miss('greedy', `${bytes} bytes in one round`, { bytes });
  },
};

/** The most bytes that were read from a descriptor between two waits. */
function mostInOneRound({ entries }: Ledger, fd: number): number {
  let most = 0;
  let bytes = 0;
  for (const entry of entries) {
    if (isWait(entry)) bytes = 0;
    else if (entry.fd === fd && isRead(entry) && entry.result > 0) bytes += entry.result;
    most = Math.max(most, bytes);
  }
  return most;
}

const KEPT_MAX = 256 * 1024;

export const slowReader: Check = {
  id: '4.8',
  name: 'a client that reads late',
  points: 2,
  task: 'c',
  did: 'sent 6 MB of lines without reading, and began to read when the program slept',
  expected: 'a queue of little more than 64 KB meanwhile; then all answers, in order',
  causes: {
    ...edgeCauses,
    'keeps all': {
      why: 'It has read {kept} bytes more from this client than it could send to it. The limit of lab 3 holds here, too: a full queue is a reason not to read, although an edge has come.',
      next: 'read no more while the queue is longer than 64 KB; remember that the edge has come',
      read: 'the sheet, task c',
    },
    'not resumed': {
      why: 'The kernel has reported room for writing once. {received} of {count} bytes came: then either the queue was not sent on until would-block, or it was, and no one remembered that reading had been given up while it was full. The edge for reading has come before, and comes no more.',
      next: 'at the edge for writing: send until the queue is empty or would-block; then, with room in the queue again, read on',
      read: 'docs/semantics.md "The drain rule."; the sheet, task c',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const client = await exam.connect(server);
    await ask(exam, server, client, 'first');
    const lines = linesOf(exam.random, 6 * MIB, 1000);
    client.pause();
    client.write(lines);
    await server.until(() => client.hasEnded);
    expectBound(exam);
    client.resume();
    await answered(exam, server, client, lines, 'not resumed');
  },
};

function expectBound({ ledger }: Exam): void {
  const kept = ledger.keptBytes(ledger.accepted.at(-1) ?? -1);
  if (kept > KEPT_MAX) throw new Miss('keeps all', `${kept} bytes in its queue`, { kept });
}
