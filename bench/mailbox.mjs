// Messages per second from several threads to one: a Mailbox beside postMessage, in alternating
// rounds. Both take the same messages, count them and check their order per producer; the clock runs
// from the start signal to the last message. postMessage has no bound: its producers never wait.
//
//   npm run build && npm run bench:mailbox [-- --producers 4 --messages 1000000 --rounds 3]
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { formatSpread, ratioOf, spreadOf } from '../dist/cli/statistics.js';
import { formatTable } from '../dist/cli/table.js';
import { Reactor } from '../dist/index.js';
import { Mailbox, MailboxSender } from '../dist/multi.js';

const KINDS = {
  number: (sequence) => sequence,
  '64 bytes': (sequence) => {
    BYTES.writeUInt32LE(sequence);
    return BYTES;
  },
  object: (sequence) => ({ sequence, name: 'a', isLast: false }),
};
const BYTES = Buffer.alloc(64);

const SEQUENCE_OF = {
  number: (message) => message,
  '64 bytes': (m) => m[0] | (m[1] << 8) | (m[2] << 16) | (m[3] << 24),
  object: (message) => message.sequence,
};

function produce({ kind, count, address, start }) {
  const sender = address === undefined ? undefined : new MailboxSender(address);
  const make = KINDS[kind];
  parentPort.postMessage('ready');
  Atomics.wait(start, 0, 0);
  for (let i = 0; i < count; i++) {
    const message = make(i);
    if (sender === undefined) parentPort.postMessage(message);
    else while (!sender.post(message)) sender.waitForRoom();
  }
  sender?.close();
}

/** Counts messages, and checks that each producer's come in order. */
class Receiver {
  constructor(kind, producers, count) {
    this.sequenceOf = SEQUENCE_OF[kind];
    this.next = new Array(producers).fill(0);
    this.left = producers * count;
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  take(message, producer) {
    const sequence = this.sequenceOf(message);
    if (sequence !== this.next[producer]++) throw new Error(`out of order: ${sequence}`);
    if (--this.left === 0) this.finish();
  }
}

async function run(way, kind, producers, count) {
  const reactor = new Reactor();
  const receiver = new Receiver(kind, producers, count);
  const onMessage = (message, producer) => receiver.take(message, producer);
  const mailbox = way === 'Mailbox' ? new Mailbox({ reactor, onMessage }) : undefined;
  if (mailbox !== undefined) reactor.attach();
  const start = new Int32Array(new SharedArrayBuffer(4));
  const data = { kind, count, address: mailbox?.address, start };
  const workers = Array.from(
    { length: producers },
    () => new Worker(new URL(import.meta.url), { workerData: data }),
  );
  const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
  await Promise.all(workers.map((each) => new Promise((resolve) => each.once('message', resolve))));
  if (mailbox === undefined) {
    for (const [index, worker] of workers.entries()) {
      worker.on('message', (message) => receiver.take(message, index));
    }
  }
  const [beganMs, cpuBefore] = [performance.now(), process.cpuUsage()];
  Atomics.store(start, 0, 1);
  Atomics.notify(start, 0);
  await receiver.done;
  const seconds = (performance.now() - beganMs) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  mailbox?.close();
  await Promise.all(ends);
  reactor.close();
  const total = producers * count;
  return { perSecond: total / seconds, cpuUs: (user + system) / total };
}

function rowOf(kind, way, results, base) {
  const rates = results.map(({ perSecond }) => perSecond);
  const costs = results.map(({ cpuUs }) => cpuUs);
  return [
    kind,
    way,
    formatSpread(spreadOf(rates.map((rate) => rate / 1000)), 0),
    formatSpread(spreadOf(costs), 3),
    formatSpread(
      ratioOf(
        rates,
        base.map(({ perSecond }) => perSecond),
      ),
      2,
    ),
  ];
}

async function main() {
  const { values } = parseArgs({
    options: {
      producers: { type: 'string', default: '4' },
      messages: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '3' },
      kinds: { type: 'string', default: Object.keys(KINDS).join(',') },
    },
  });
  const [producers, count, rounds] = ['producers', 'messages', 'rounds'].map((name) =>
    Number(values[name]),
  );
  console.log(`${producers} producers x ${count} messages to one thread, ${rounds} rounds\n`);
  const rows = [['', '', '1000/s', 'CPU us each', 'x postMessage']];
  for (const kind of values.kinds.split(',')) {
    const results = { postMessage: [], Mailbox: [] };
    for (let round = 0; round < rounds; round++) {
      for (const way of Object.keys(results)) {
        results[way].push(await run(way, kind, producers, count));
      }
    }
    for (const [way, rounds] of Object.entries(results)) {
      rows.push(rowOf(kind, way, rounds, results.postMessage));
    }
  }
  console.log(formatTable(rows));
}

if (isMainThread) await main();
else produce(workerData);
