// Bytes and ends: both ways at once, each end by itself, and pairs that do not wait for each other.
import { bytesFrom } from '../../src/exam/random.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { common, connectPair, type Ends, expectBytes, expectStream, startProxy } from './pair.ts';

const MIB = 1024 * 1024;

export const bothWays: Check = {
  id: '7.1',
  name: 'both ways at once',
  points: 3,
  task: 'b',
  did: 'had two clients and their servers send up to 2 MB each, all at once',
  expected: 'all bytes at the other end, in order',
  causes: common,
  async run(exam) {
    const stage = await startProxy(exam);
    const size = exam.isQuick ? MIB / 2 : 2 * MIB;
    const pairs = [await connectPair(stage), await connectPair(stage)];
    const streams = pairs.map((ends) => {
      const [up, down] = [bytesFrom(exam.random, size), bytesFrom(exam.random, size)];
      ends.client.write(up);
      ends.server.write(down);
      return { ...ends, up, down };
    });
    for (const [index, { client, server, up, down }] of streams.entries()) {
      await expectBytes(stage.proxy, server, up, `at server ${index + 1}`);
      await expectBytes(stage.proxy, client, down, `at client ${index + 1}`);
    }
  },
};

export const clientEnds: Check = {
  id: '7.2',
  name: 'the client ends first',
  points: 2,
  task: 'c',
  did: 'sent 1 MB and the end as a client; the server answered with 1 MB when it had seen that end',
  expected:
    'the whole request and its end at the server; the whole answer and its end at the client',
  causes: {
    ...common,
    'answer lost': {
      why: 'The client has ended what it sends, and reads on: it waits for its answer. {received} of {all} bytes of it came. A connection has two directions, and each has its own end; to close both at the first loses what is still to come.',
      next: 'at a read of 0 end only this direction: shutdown of the other side, SHUT_WR, when its queue has gone; close when both directions have ended',
      read: 'shutdown(2); the sheet, task c',
    },
  },
  async run(exam) {
    const { proxy, ...stage } = await startProxy(exam);
    const { client, server } = await connectPair({ proxy, ...stage });
    const [request, answer] = [bytesFrom(exam.random, MIB), bytesFrom(exam.random, MIB)];
    client.write(request);
    client.end();
    await expectStream(proxy, server, request, 'at the server');
    server.write(answer);
    server.end();
    await orElse('answer lost', expectStream(proxy, client, answer, 'at the client'));
  },
};

export const serverEnds: Check = {
  id: '7.3',
  name: 'the server ends first',
  points: 2,
  task: 'c',
  did: 'sent 1,000 bytes and the end as a server; the client sent 1 MB when it had seen that end',
  expected:
    'the 1,000 bytes and their end at the client; then the whole upload and its end at the server',
  causes: {
    ...common,
    'upload lost': {
      why: 'The server has ended what it sends, and reads on. {received} of {all} bytes of the upload came. That the server has nothing more to say is no reason to stop what goes to it: the two directions are alike.',
      next: 'treat both sides by the same function, with the sides exchanged',
      read: 'docs/semantics.md "Data that was sent before a FIN can be read before the end is seen."; the sheet, task c',
    },
  },
  async run(exam) {
    const { proxy, ...stage } = await startProxy(exam);
    const { client, server } = await connectPair({ proxy, ...stage });
    const [banner, upload] = [bytesFrom(exam.random, 1000), bytesFrom(exam.random, MIB)];
    server.write(banner);
    server.end();
    await expectStream(proxy, client, banner, 'at the client');
    client.write(upload);
    client.end();
    await orElse('upload lost', expectStream(proxy, server, upload, 'at the server'));
  },
};

/** What is missing of a stream has a cause of the check's own. */
async function orElse(why: string, expecting: Promise<void>): Promise<void> {
  try {
    await expecting;
  } catch (error) {
    if (!(error instanceof Miss) || error.why !== 'cut') throw error;
    throw new Miss(why, error.got, error.values);
  }
}

const WAITING = 3;

export const others: Check = {
  id: '7.4',
  name: 'a server that hangs',
  points: 2,
  task: 'a',
  did: `had one pair whose server does not read, and ${WAITING} clients for which the server accepts no connection; then sent through another pair`,
  expected: 'the bytes of the other pair at once',
  causes: {
    ...common,
    'held up': {
      why: 'A pair has nothing to do with the one that hangs, and waits for it. Some call of the proxy waits: a connect on a blocking socket does so for minutes when no answer comes, and meanwhile no turn is made.',
      next: 'give SOCK_NONBLOCK to socket(2), before connect; no call but the wait of the reactor may wait',
      read: 'connect(2): EINPROGRESS; the sheet, task a',
    },
  },
  async run(exam) {
    const stage = await startProxy(exam, { backlog: 0 });
    const { proxy, upstream } = stage;
    const lively = await connectPair(stage);
    const hung = await connectPair(stage);
    hung.server.pause();
    hung.client.write(bytesFrom(exam.random, 4 * MIB));
    upstream.stopAccepting();
    await exam.connectMany(proxy, WAITING);
    // Those that connect are accepted at the latest in the turn of the first.
    for (let round = 1; round <= 2; round++) {
      try {
        await pingPong(proxy, lively);
      } catch (error) {
        if (!(error instanceof Miss) || error.why !== 'stuck') throw error;
        throw new Miss('held up', `round trip ${round}: ${error.got}`);
      }
    }
  },
};

async function pingPong(
  proxy: Parameters<typeof expectBytes>[0],
  { client, server }: Ends,
): Promise<void> {
  const [ping, pong] = [Buffer.from('ping'), Buffer.from('pong')];
  client.write(ping);
  await expectBytes(proxy, server, ping, 'at the server of the other pair');
  server.write(pong);
  await expectBytes(proxy, client, pong, 'at the client of the other pair');
}
