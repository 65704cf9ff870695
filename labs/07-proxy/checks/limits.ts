// What a pair keeps, what it does at rest, and what is left of it.
import { socketCount } from '../../src/exam/observe.ts';
import type { Peer } from '../../src/exam/peer.ts';
import { bytesFrom } from '../../src/exam/random.ts';
import type { Trial } from '../../src/exam/trial.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { type Entry, isRead, isWait, isWrite, type Ledger } from '../../src/ledger/ledger.ts';
import {
  checkRunning,
  common,
  connectPair,
  expectBytes,
  expectStream,
  startProxy,
} from './pair.ts';

const MIB = 1024 * 1024;
/** Twice what the sheet allows: nothing here depends on a byte. */
const KEPT_MAX = 128 * 1024;
/** Waits of a program that goes round and round, as soon as it can be said. */
const SPIN_COUNT = 1000;
/** Waits that may still come back behind the last byte: for ends, and for connections that are made. */
const REST_MAX = 10;

export const slowReader: Check = {
  id: '7.6',
  name: 'a reader that stops',
  points: 2,
  task: 'b',
  did: 'sent 8 MB to a server that does not read, until nothing moved any more; then had it read',
  expected:
    'never more than 128 KB read and not sent; no wait comes back meanwhile; all bytes at the end',
  causes: {
    ...common,
    'keeps all': {
      why: 'At some time {kept} bytes were read from the client and not sent to the server. A proxy that reads what it cannot pass on takes the backpressure of TCP away: the client is as fast as the network, and your memory is the difference.',
      next: 'while 64 KB wait for a side, take Readable of the other side out of its interest; TCP then stops the sender',
      read: 'tcp(7): the window; the sheet, task b',
    },
    spins: {
      why: '{waits} waits came back in a moment in which nothing could be passed on. The client has more to read, and level-triggered sets say so at every wait, though you have no room for it.',
      next: 'the queue is full: no Readable in the interest of the side that fills it',
      read: 'docs/semantics.md "Level reports a readable descriptor at every wait until it is drained."',
    },
  },
  async run(exam) {
    const stage = await startProxy(exam, {
      isRecorded: true,
      isPaused: true,
      receiveBuffer: 65_536,
    });
    const { client, server } = await connectPair(stage);
    const upload = bytesFrom(exam.random, 8 * MIB);
    client.write(upload);
    await stage.proxy.until(() => keptMost(exam.ledger) > KEPT_MAX || isSpinning(exam.ledger));
    const kept = keptMost(exam.ledger);
    const waits = restWaits(exam.ledger);
    // What was lost is not kept: the bytes are looked at first.
    server.resume();
    await expectBytes(stage.proxy, server, upload, 'at the server, when it reads again');
    if (kept > KEPT_MAX) throw new Miss('keeps all', `${kept} bytes`, { kept });
    expectRest(waits);
  },
};

/** The most that was read and not sent at any time, by all pairs together. */
function keptMost({ entries }: Ledger): number {
  let kept = 0;
  let most = 0;
  for (const entry of entries) {
    if (entry.result <= 0 || entry.call === 'accept4') continue;
    if (isRead(entry)) kept += entry.result;
    if (isWrite(entry)) kept -= entry.result;
    most = Math.max(most, kept);
  }
  return most;
}

/** Waits that have come back since the last byte has moved. */
function restWaits({ entries }: Ledger): number {
  const hasMoved = (entry: Entry): boolean => entry.result > 0 && (isRead(entry) || isWrite(entry));
  return entries.slice(entries.findLastIndex(hasMoved) + 1).filter(isWait).length;
}

const isSpinning = (ledger: Ledger): boolean => restWaits(ledger) > SPIN_COUNT;

/** @throws Miss - 'spins' */
function expectRest(waits: number): void {
  if (waits <= REST_MAX) return;
  throw new Miss('spins', `${waits} waits came back while nothing happened`, { waits });
}

const EACH = 2;

export const resets: Check = {
  id: '7.7',
  name: 'a reset passes through',
  points: 2,
  task: 'e',
  needs: 'proc',
  did: `had ${EACH} pairs reset by the client, ${EACH} by the server, and ${EACH} end in order`,
  expected: 'a reset at the other end; of all pairs no descriptor left; other pairs served',
  causes: {
    ...common,
    'not passed on': {
      why: 'One end has reset the connection, and the other end has seen nothing. It waits for an answer that cannot come.',
      next: 'at an error of one side (Readiness.Error, or a negative result) close both',
      read: 'docs/semantics.md "A registration with no interest is called once for a hang-up or an error."',
    },
    'an end in order': {
      why: 'A reset says: this stream is not whole. The other end was sent an ordinary end in its place, which says: that was all. A program that writes what it has received to a file keeps half of one, and reports success.',
      next: 'before close, setsockopt SOL_SOCKET, SO_LINGER with Int32Array.of(1, 0): close then sends a reset',
      read: 'socket(7): SO_LINGER; the sheet, task e',
    },
    'left open': {
      why: 'All clients of these pairs have gone, and {count} sockets more than before are open in the proxy. Each pair has two descriptors; at the limit it takes no client any more.',
      next: 'one function that ends a pair, called from everywhere: both registrations, both descriptors, both timers',
      read: 'close(2); getrlimit(2): RLIMIT_NOFILE',
    },
  },
  async run(exam) {
    const stage = await startProxy(exam);
    const { proxy } = stage;
    const stays = await connectPair(stage);
    const before = socketCount(proxy.pid);
    for (let count = 0; count < EACH; count++) {
      const [byClient, byServer] = [await connectPair(stage), await connectPair(stage)];
      for (const { client, server } of [byClient, byServer]) {
        client.write('question');
        await expectBytes(proxy, server, Buffer.from('question'), 'at the server');
      }
      byClient.client.reset();
      await expectReset(proxy, byClient.server, 'the server');
      byServer.server.reset();
      await expectReset(proxy, byServer.client, 'the client');
      const { client, server } = await connectPair(stage);
      client.end();
      server.end();
      await expectStream(proxy, server, Buffer.alloc(0), 'at the server');
      await expectStream(proxy, client, Buffer.alloc(0), 'at the client');
    }
    await proxy.until(() => socketCount(proxy.pid) <= before);
    proxy.check();
    const count = socketCount(proxy.pid) - before;
    if (count > 0) throw new Miss('left open', `${count} sockets`, { count });
    stays.client.write('last');
    await expectBytes(proxy, stays.server, Buffer.from('last'), 'at the server of another pair');
  },
};

async function expectReset(proxy: Trial, peer: Peer, which: string): Promise<void> {
  await proxy.until(() => peer.hasEnded);
  if (peer.error === 'ECONNRESET') return;
  await checkRunning(proxy);
  if (peer.hasEnded) throw new Miss('an end in order', `${which} has got an end, and no reset`);
  throw new Miss('not passed on', `${which} has got nothing`);
}

export const atRest: Check = {
  id: '7.8',
  name: 'half-closed pairs at rest',
  points: 1,
  task: 'c',
  did: 'had one pair whose client has ended, one whose server has, and one that is silent; nothing happened for a while; then the other ends ended as well',
  expected: 'no wait comes back while nothing happens; then all is delivered, and ends',
  causes: {
    ...common,
    spins: {
      why: '{waits} waits came back while nothing happened. A level-triggered set reports an end at every wait, for as long as you ask for Readable; and room to write nearly always, for as long as you ask for Writable.',
      next: 'no Readable for a side that has ended, no Writable without something in its queue',
      read: 'docs/semantics.md "Level goes on reporting an end of stream until the descriptor is closed or its read interest removed."',
    },
  },
  async run(exam) {
    const stage = await startProxy(exam, { isRecorded: true });
    const { proxy } = stage;
    const byClient = await connectPair(stage);
    const byServer = await connectPair(stage);
    await connectPair(stage);
    const text = Buffer.from('the last words');
    byClient.client.write(text);
    byClient.client.end();
    await expectStream(proxy, byClient.server, text, 'at the server');
    byServer.server.write(text);
    byServer.server.end();
    await expectStream(proxy, byServer.client, text, 'at the client');
    await proxy.until(() => isSpinning(exam.ledger));
    proxy.check();
    expectRest(restWaits(exam.ledger));
    byClient.server.write(text);
    byClient.server.end();
    await expectStream(proxy, byClient.client, text, 'at the client, after the rest');
    byServer.client.write(text);
    byServer.client.end();
    await expectStream(proxy, byServer.server, text, 'at the server, after the rest');
  },
};
