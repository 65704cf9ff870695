// The drain rule, in the ledger: what a program did about each report, and what it did with a wait that does
// not wait.
import { Readiness } from 'edgewise';
import { answered, ask, linesOf } from '../../src/exam/lines.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { isRead, isWait, isWrite, type Ledger, type Report } from '../../src/ledger/ledger.ts';
import { edgeCauses } from './causes.ts';

/** Waits of a program that goes round and round, as soon as it can be said. */
const SPIN_COUNT = 1000;

export const drained: Check = {
  id: '4.6',
  name: 'drained, or remembered',
  points: 2,
  task: 'a',
  did: 'sent bursts of 100 to 200,000 bytes, and read what the program did about each report',
  expected:
    'each report of something to read is followed by would-block, the end or an error, before it sleeps',
  causes: {
    ...edgeCauses,
    undrained: {
      why: 'Report {report}, of fd {fd}: {last}. Then the program slept, with no proof that nothing was left. It works as long as the client goes on sending, since each arrival is an edge again: that is how this mistake gets into production.',
      next: 'read until would-block, 0 or an error; if you stop before, come back before the next wait that sleeps',
      read: 'docs/semantics.md "The drain rule."',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const peers = await exam.connectMany(server, 3);
    for (const [index, bytes] of [100, 20_000, 200_000].entries()) {
      const peer = peers[index % peers.length];
      if (peer === undefined) continue;
      const lines = linesOf(exam.random, bytes, 100);
      peer.write(lines);
      // What it has left is looked at first: it is why an answer is missing.
      await server.until(() => peer.length === lines.length);
      await server.until(() => exam.ledger.waits.length > SPIN_COUNT); // or it sleeps
      expectDrained(exam.ledger);
      await answered(exam, server, peer, lines);
    }
  },
};

function expectDrained(ledger: Ledger): void {
  const clients = new Set(ledger.accepted);
  for (const [index, report] of ledger.reports.entries()) {
    const { fd, readiness } = report;
    if (!clients.has(fd) || (readiness & ~Readiness.Writable) === 0) continue;
    const last = whatWasLeft(report);
    if (last === undefined) continue;
    const values = { report: index + 1, fd, last };
    throw new Miss('undrained', `report ${index + 1}, fd ${fd}: ${last}, then it slept`, values);
  }
}

// The last read, in words; undefined: it has proved that nothing is left.
function whatWasLeft({ calls }: Report): string | undefined {
  const last = calls.findLast(isRead);
  if (last === undefined) return 'no read at all';
  const isClosed = calls.some(({ call }) => call === 'close' || call === 'poller.removeAndClose');
  if (isClosed || last.result <= 0) return undefined;
  return `${last.call} → ${last.result} of ${last.asked}`;
}

const REST_MAX = 5;
const EMPTY_MAX = 2;

export const sleeps: Check = {
  id: '4.9',
  name: 'sleeps when there is nothing to do',
  points: 2,
  task: 'd',
  did: 'sent a burst and a line from each of 20 clients, had all answers, and then did nothing',
  expected:
    'a wait with timeout 0 only while a client is in the ready queue; and when all is done, one that sleeps',
  causes: {
    ...edgeCauses,
    spins: {
      why: 'A wait with timeout 0 asks whether anything has come, and goes on. {waits} came back while no client did anything: a loop that asks without having anything else to do uses a whole core for it.',
      next: 'timeout 0 while the ready queue has a client, and the timeout of turn otherwise',
      read: 'epoll_wait(2): timeout',
    },
    'looks for nothing': {
      why: 'A wait with timeout 0 is for a program that has work left. {empty} of {looks} such waits were followed by no read, no write and no accept before the next wait: there was none.',
      next: 'take a client out of the ready queue when would-block has come, and wait with timeout 0 only when one is in it',
      read: 'the sheet, task d',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const peers = await exam.connectMany(server, 20);
    const lines = linesOf(exam.random, 150_000, 1000);
    for (const peer of peers) peer.write(lines);
    for (const peer of peers) await answered(exam, server, peer, lines);
    for (const peer of peers) await ask(exam, server, peer, 'last');
    const mark = exam.ledger.length;
    const waitsSince = (): number => exam.ledger.since(mark).waits.length;
    await server.until(() => waitsSince() > SPIN_COUNT);
    const waits = waitsSince();
    if (waits > REST_MAX) throw new Miss('spins', `${waits} waits came back`, { waits });
    expectWork(exam.ledger);
  },
};

function expectWork({ entries }: Ledger): void {
  let looks = 0;
  let empty = 0;
  let isIdle = false;
  for (const entry of entries) {
    if (isRead(entry) || isWrite(entry)) isIdle = false;
    if (!isWait(entry)) continue;
    if (isIdle) empty++;
    isIdle = entry.a === 0 && entry.result === 0;
    if (entry.a === 0) looks++;
  }
  if (empty <= EMPTY_MAX) return;
  const got = `${empty} of ${looks} waits with timeout 0 were for nothing`;
  throw new Miss('looks for nothing', got, { empty, looks });
}
