// Tasks a and b: an edge comes once.
import { answered, answeredToEnd, ask, askByteByByte, linesOf } from '../../src/exam/lines.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { edgeCauses } from './causes.ts';

export const protocol: Check = {
  id: '4.1',
  name: 'the server of lab 3',
  points: 2,
  task: 'a',
  did: 'sent a line byte by byte while 10 other clients sent whole ones; then QUIT',
  expected: 'each line back in upper case, and the end behind QUIT',
  causes: edgeCauses,
  async run(exam) {
    const server = await exam.start('main');
    const slow = await exam.connect(server);
    const others = await exam.connectMany(server, 10);
    await askByteByByte(exam, server, slow, others);
    slow.write('QUIT\n');
    await answeredToEnd(exam, server, slow, '', 'stuck');
  },
};

export const oneChange: Check = {
  id: '4.2',
  name: 'one epoll_ctl for each connection',
  points: 2,
  task: 'a',
  did: 'had 20 clients send three lines each, one after the other',
  expected:
    'each descriptor added once, with all interest that it will ever need, and never modified',
  causes: {
    ...edgeCauses,
    changes: {
      why: 'Under edge nothing has to be taken out of a set: an edge comes once, whether you act on it or not. A modify has the kernel look again, so it also hides an edge that was forgotten, for one system call each time. fd {fd} was added {adds} times and modified {modifies} times.',
      next: 'add with Readable | Writable and edge; remember in the client what an edge has said',
      read: 'docs/semantics.md "Adding an interest under edge reports readiness that was there before."',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const peers = await exam.connectMany(server, 20);
    for (let round = 0; round < 3; round++) {
      for (const peer of peers) peer.write(`line ${round}\n`);
      for (const peer of peers) await answered(exam, server, peer, `line ${round}\n`);
    }
    const { ledger } = exam;
    const adds = ledger.of('poller.add');
    const modifies = ledger.of('poller.modify');
    for (const fd of ledger.accepted) {
      const of = (entries: typeof adds): number => entries.filter((each) => each.fd === fd).length;
      if (of(adds) === 1 && of(modifies) === 0) continue;
      const values = { fd, adds: of(adds), modifies: of(modifies) };
      throw new Miss(
        'changes',
        `fd ${fd}: ${values.adds} adds, ${values.modifies} modifies`,
        values,
      );
    }
  },
};

const BURSTS = [1, 16_383, 16_384, 16_385, 40_000, 65_536, 100_000, 262_144];

export const burst: Check = {
  id: '4.3',
  name: 'a burst, then silence',
  points: 2,
  task: 'a',
  did: 'sent up to 262,144 bytes in one burst, then waited like a client that waits for its answer',
  expected: 'as many bytes back',
  causes: {
    ...edgeCauses,
    'lost edge': {
      why: 'Your handler was called once for {count} bytes: an edge. {received} came back, and then it returned. The kernel has nothing new to report, the client has nothing new to send, and the rest is in the socket: the lost wake-up.',
      next: 'go on until recv answers would-block; or remember that there is more, and come back to it before you wait',
      read: 'docs/semantics.md "An edge reader that stops early is not called again while the peer is silent."',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const peers = await exam.connectMany(server, BURSTS.length);
    const bursts = BURSTS.map((bytes) => linesOf(exam.random, bytes, 1000));
    for (const peer of peers) await ask(exam, server, peer, 'first');
    await server.frozen(() => {
      for (const [index, peer] of peers.entries()) peer.write(bursts[index] ?? '');
    });
    for (const [index, peer] of peers.entries()) {
      await answered(exam, server, peer, bursts[index] ?? '', 'lost edge');
    }
  },
};

const CROWD = 200;

export const crowd: Check = {
  id: '4.4',
  name: 'many connections before the first accept',
  points: 2,
  task: 'b',
  did: `connected ${CROWD} clients while the program could not run, each with a line`,
  expected: `${CROWD} answers`,
  causes: {
    'accepts once': {
      why: 'The queue of a listener is drained like a socket: connections that arrive before you look are one edge. {waiting} of {clients} are still in it, and as long as no other client comes, nothing reports them.',
      next: 'accept until accept4 answers would-block',
      read: 'docs/semantics.md "Edge reports a readable descriptor once, until new data arrives."',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const peers = Array.from({ length: CROWD }, () => exam.dial(server.port));
    await server.frozen(async () => {
      await server.until(() => peers.every(({ isConnected }) => isConnected));
      for (const peer of peers) peer.write('x\n');
    });
    const isServed = ({ length }: { readonly length: number }): boolean => length === 2;
    if (await server.until(() => peers.every(isServed))) return;
    server.check();
    const clients = peers.length;
    const waiting = peers.filter((peer) => !isServed(peer)).length;
    throw new Miss('accepts once', `${waiting} of ${clients} clients wait`, { waiting, clients });
  },
};

export const endBehindData: Check = {
  id: '4.5',
  name: 'the end right behind the data',
  points: 2,
  task: 'a',
  did: 'sent lines and the end of its side in one segment, before the program had accepted',
  expected: 'the answers, and then the end',
  causes: {
    ...edgeCauses,
    'end unread': {
      why: 'Data and the end behind it are one edge. {received} bytes came back, so the data was read; the end is the next read, which returns 0, and it was not made. That a read brought less than it had room for does not say that nothing is behind it.',
      next: 'take would-block, 0 or an error as the proof that all is read, and never a short read',
      read: 'docs/semantics.md "A short read is no proof of being drained when ReadClosed is set."',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const first = await exam.connect(server);
    await ask(exam, server, first, 'first');
    for (const bytes of [20, 2000]) {
      const lines = linesOf(exam.random, bytes, 20);
      const client = exam.dial(server.port);
      await server.frozen(async () => {
        await server.until(() => client.isConnected);
        client.endWith(lines);
      });
      await answeredToEnd(exam, server, client, lines, 'end unread');
    }
  },
};
