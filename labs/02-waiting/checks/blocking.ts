// The server that blocks: simple, and one client at a time.
import { type Check, Miss } from '../../src/lab.ts';
import { comesTrue, talk, talkCauses } from './talk.ts';

export const inParts: Check = {
  id: '2.1',
  name: 'blocking: one client to its end',
  points: 2,
  task: 'a',
  did: 'sent lines in parts: a line and a half, the rest of it with two more, and the end',
  expected: 'the number of each line as soon as it is complete; then the end',
  causes: {
    ...talkCauses,
    'stays open': {
      why: 'The client has ended: a read returned 0. Until the server closes its side the client waits for an end, and the next client for the server.',
      next: 'leave the loop at 0, and close',
      read: 'recv(2), RETURN VALUE',
    },
  },
  async run(exam) {
    const server = await exam.start('blocking');
    const peer = await exam.connect(server);
    await talk(server, peer, 'one\ntw', 1);
    await talk(server, peer, 'o\n\nfour\n', 2, 4);
    peer.end();
    if (await comesTrue(server, () => peer.hasEnded)) return;
    throw new Miss('stays open', 'no end after the client has ended');
  },
};

export const oneAfterTheOther: Check = {
  id: '2.2',
  name: 'blocking: one after the other',
  points: 2,
  task: 'a',
  did: 'connected two clients; the second sent a line while the first was still there, and the first ended later',
  expected: 'the second is answered when the first has ended, and not before',
  causes: {
    ...talkCauses,
    'does not wait': {
      why: 'The second client was answered while the first was connected, so that the server does not wait in recv for the first. This one is to show what that costs; the other two do better.',
      next: 'serve a client to its end before the next accept, in one thread',
      read: 'the sheet, task a',
    },
  },
  async run(exam) {
    const server = await exam.start('blocking');
    const first = await exam.connect(server);
    await talk(server, first, 'one\n', 1);
    const second = await exam.connect(server);
    second.write('one\n');
    await comesTrue(server, () => second.length > 0);
    if (second.length > 0) throw new Miss('does not wait', 'an answer for the second client');
    await talk(server, first, 'two\n', 2);
    first.end();
    await talk(server, second, 'two\n', 1, 2);
  },
};

export const afterReset: Check = {
  id: '2.3',
  name: 'blocking: a client that resets',
  points: 1,
  task: 'a',
  did: 'had three clients reset their connections after a line, one after the other, and then a good one come',
  expected: 'the good one is served, and the descriptors of the others are closed',
  causes: {
    ...talkCauses,
    'left open': {
      why: 'A reset ends a connection, and not its descriptor: recv returns -ECONNRESET, and the number stays taken until it is closed. {count} were left.',
      next: 'close on every way out of the loop, that of an error as well',
      read: 'close(2); recv(2), ERRORS',
    },
  },
  async run(exam) {
    const server = await exam.start('blocking', { isRecorded: true });
    for (let i = 0; i < 3; i++) {
      const peer = await exam.connect(server);
      await talk(server, peer, 'one\n', 1);
      peer.reset();
    }
    const good = await exam.connect(server);
    await talk(server, good, 'one\n', 1);
    await talk(server, good, 'two\n', 2);
    const { accepted, unclosed } = exam.ledger;
    const left = accepted.slice(0, -1).filter((fd) => fd !== accepted.at(-1));
    const count = left.filter((fd) => unclosed.includes(fd)).length;
    if (count > 0)
      throw new Miss('left open', `${count} descriptors of reset connections`, { count });
  },
};
