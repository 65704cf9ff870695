// One line, and many: what comes back, whatever the segments are.

import { textFrom } from '../../src/exam/random.ts';
import type { Check } from '../../src/lab.ts';
import { Miss } from '../../src/lab.ts';

const stuck = {
  why: 'A client waits for its answer, and the program waits for a client. What it has read is in no buffer that an event will bring it back to.',
  next: 'keep the beginning of a line with its client, and look for the line end in what has come so far',
  read: 'tcp(7); docs/semantics.md "Level reports a readable descriptor at every wait until it is drained."',
};
const mixed = {
  why: 'Bytes of one client have come into the line of another, or in another order.',
  next: 'give each client a buffer of its own',
  read: 'the sheet, task b',
};

export const lineByLine: Check = {
  id: '3.1',
  name: 'a line, one byte at a time',
  points: 2,
  task: 'a',
  did: 'sent a line byte by byte, each in a segment of its own, while 20 other clients sent whole ones',
  expected: 'each line back in upper case',
  causes: { stuck, mixed },
  async run(exam) {
    const server = await exam.start('main');
    const slow = await exam.connect(server);
    const others = await exam.connectMany(server, 20);
    const line = textFrom(exam.random, 12);
    for (const byte of Buffer.from(`${line}\n`)) {
      slow.write(Uint8Array.of(byte));
      for (const [index, other] of others.entries()) {
        other.write(`client ${index}\n`);
        const answer = await exam.receive(server, other, `client ${index}\n`.length, 'stuck');
        if (answer.toString() !== `CLIENT ${index}\n`)
          throw new Miss('mixed', JSON.stringify(`${answer}`));
      }
    }
    const answer = await exam.receive(server, slow, line.length + 1, 'stuck');
    if (answer.toString() !== `${line.toUpperCase()}\n`)
      throw new Miss('mixed', JSON.stringify(`${answer}`));
  },
};

export const idle: Check = {
  id: '3.2',
  name: 'nothing to do',
  points: 2,
  task: 'a',
  did: 'left 20 clients connected and silent for a while, after each had an answer',
  expected: 'no wait comes back: the program sleeps until something happens',
  causes: {
    spins: {
      why: 'A level-triggered set reports what is ready at every wait, and {waits} waits came back in a moment in which no client did anything. Room to write is there nearly always.',
      next: 'ask for Writable only while there is something to write',
      read: 'docs/semantics.md "Level reports a writable descriptor at every wait."',
    },
    stuck,
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const peers = await exam.connectMany(server, 20);
    for (const peer of peers) peer.write('x\n');
    for (const peer of peers) await exam.receive(server, peer, 2, 'stuck');
    const mark = exam.ledger.length;
    const waitsSince = () => exam.ledger.since(mark).waits.length;
    await server.until(() => waitsSince() > 1000);
    const waits = waitsSince();
    if (waits > 5)
      throw new Miss('spins', `${waits} waits came back while nothing happened`, { waits });
  },
};
