// Tasks c and d: room to write, and clients that do not read.

import type { Exam } from '../../src/exam/exam.ts';
import { answered, ask, lineCauses, linesOf } from '../../src/exam/lines.ts';
import type { Trial } from '../../src/exam/trial.ts';
import { type Check, Miss } from '../../src/lab.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';

const MIB = 1024 * 1024;
/** Waits of a program that goes round and round, as soon as it can be said. */
const SPIN_COUNT = 1000;
/** Waits that may still come back when nothing happens any more. */
const REST_MAX = 5;

const spins = {
  why: 'A level-triggered set reports what is ready at every wait, and {waits} waits came back in a moment in which no client did anything. Room to write is there nearly always.',
  next: 'ask for Writable only while there is something to write',
  read: 'docs/semantics.md "Level reports a writable descriptor at every wait."',
};

/** Of a program whose waits end without an event. */
export const doesNotWait = {
  why: '{waits} waits came back, and most of them with no event: their time was up. The last one was poller.wait({timeout}); a timeout of 0 is always up.',
  next: 'hand the timeout of turn on to poller.wait: main.ts turns with -1, which waits until something happens',
  read: 'epoll_wait(2), "timeout"',
};

async function expectRest(exam: Exam, server: Trial, why: string): Promise<void> {
  const mark = exam.ledger.length;
  const waitsSince = (): number => exam.ledger.since(mark).waits.length;
  await server.until(() => waitsSince() > SPIN_COUNT);
  const waits = waitsSince();
  if (waits <= REST_MAX) return;
  expectWaiting(exam.ledger.since(mark));
  throw new Miss(why, `${waits} waits came back while nothing happened`, { waits });
}

/** @throws Miss - 'does not wait': most of so many waits that came back have brought nothing. */
export function expectWaiting({ waits }: Ledger): void {
  const empty = waits.filter(({ result }) => result === 0).length;
  if (empty <= waits.length / 2) return;
  const got = `${waits.length} waits came back, ${empty} of them with no event`;
  const values = { waits: waits.length, timeout: waits.at(-1)?.a ?? 0 };
  throw new Miss('does not wait', got, values);
}

export const idle: Check = {
  id: '3.4',
  name: 'nothing to do',
  points: 2,
  task: 'c',
  did: 'left 20 clients connected and silent, after each had an answer',
  expected: 'no wait comes back: the program sleeps until something happens',
  causes: { ...lineCauses, spins, 'does not wait': doesNotWait },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const peers = await exam.connectMany(server, 20);
    for (const peer of peers) await ask(exam, server, peer, 'x');
    await expectRest(exam, server, 'spins');
  },
};

export const slowReader: Check = {
  id: '3.5',
  name: 'a client that reads late',
  points: 2,
  task: 'c',
  did: 'sent 6 MB of lines without reading, and began to read when the program slept',
  expected: 'all answers, in order; then sleep, without interest in room to write',
  causes: {
    ...lineCauses,
    'never resumed': {
      why: 'The kernel had no room for the answers, and a send took less than all, or nothing. {received} bytes came; the rest is in your queue, and nothing reports that there is room again unless you ask for it.',
      next: 'while the queue is not empty, have Writable in the interest; at that event send from the queue',
      read: 'send(2): EAGAIN; the sheet, task c',
    },
    'stays armed': { ...spins, next: 'give Writable up again when the queue has become empty' },
    'does not wait': doesNotWait,
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const client = await exam.connect(server);
    await ask(exam, server, client, 'first');
    const lines = linesOf(exam.random, 6 * MIB, 1000);
    client.pause();
    client.write(lines);
    await server.until(() => client.hasEnded);
    client.resume();
    await answered(exam, server, client, lines, 'never resumed');
    await expectRest(exam, server, 'stays armed');
  },
};

const KEPT_MAX = 256 * 1024;

export const boundedQueue: Check = {
  id: '3.6',
  name: 'a client that never reads',
  points: 2,
  task: 'd',
  did: 'sent 8 MB of lines without ever reading, while another client sent one line',
  expected:
    'a queue of little more than 64 KB: the program stops reading, and the sender has to wait',
  causes: {
    ...lineCauses,
    'keeps all': {
      why: 'It has read {kept} bytes more from this client than it could send to it. A client that sends and does not read makes a queue as long as it likes: memory of the server, at no cost of its own.',
      next: 'while the queue is longer than 64 KB, take Readable out of the interest; TCP then stops the sender',
      read: 'tcp(7): the window; the sheet, task d',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const other = await exam.connect(server);
    await ask(exam, server, other, 'first');
    const client = await exam.connect(server);
    client.pause();
    client.write(linesOf(exam.random, 8 * MIB, 1000));
    await server.until(() => client.hasEnded);
    await ask(exam, server, other, 'second');
    const kept = exam.ledger.keptBytes(exam.ledger.accepted.at(-1) ?? -1);
    if (kept > KEPT_MAX) throw new Miss('keeps all', `${kept} bytes in its queue`, { kept });
  },
};

const LINE_MAX = 1024;

export const longLine: Check = {
  id: '3.7',
  name: 'a line that never ends',
  points: 2,
  task: 'd',
  did: `sent a line of ${LINE_MAX} bytes, and then 1 MB without a line end`,
  expected: 'the answer to the first; the second connection closed, and others served',
  causes: {
    ...lineCauses,
    'waits for the end': {
      why: 'What is kept of a line until its end comes is memory, and the client says how much. After 1 MB the connection is still open.',
      next: `close a connection when more than ${LINE_MAX} bytes of a line have come without its end`,
      read: 'the sheet, task d',
    },
    'too strict': {
      why: `A line may have ${LINE_MAX} bytes, its end not counted; this one was refused.`,
      next: 'compare the length without the line end, and with > in place of >=',
      read: 'the sheet, task d',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const client = await exam.connect(server);
    await ask(exam, server, client, 'first');
    const longest = `${'x'.repeat(LINE_MAX)}\n`;
    client.write(longest);
    await answered(exam, server, client, longest, 'too strict');
    const endless = await exam.connect(server);
    endless.write('y'.repeat(MIB));
    if (!(await server.until(() => endless.hasEnded))) {
      server.check();
      throw new Miss('waits for the end', 'the connection is open');
    }
    await ask(exam, server, client, 'last');
  },
};
