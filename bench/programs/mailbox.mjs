// Messages from several threads to one: a Mailbox, or postMessage. Both take the same messages,
// count them and check their order per producer; the clock runs from the start signal to the last
// message. postMessage has no bound: its producers never wait.
//
//   node mailbox.mjs edgewise-mailbox|node-message number|bytes|object PRODUCERS     (see answer.mjs)
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Reactor } from '../../dist/index.js';
import { Mailbox, MailboxSender } from '../../dist/multi/index.js';
import { answer, cpuUs } from './answer.mjs';

const COUNT = 200_000; // of each producer

const BYTES = Buffer.alloc(64);
const KINDS = {
  number: (sequence) => sequence,
  bytes: (sequence) => {
    BYTES.writeUInt32LE(sequence);
    return BYTES;
  },
  object: (sequence) => ({ sequence, name: 'a', isLast: false }),
};

const SEQUENCE_OF = {
  number: (message) => message,
  bytes: (m) => m[0] | (m[1] << 8) | (m[2] << 16) | (m[3] << 24),
  object: (message) => message.sequence,
};

function produce({ kind, address, start }) {
  const sender = address === undefined ? undefined : new MailboxSender(address);
  const make = KINDS[kind];
  parentPort.postMessage('ready');
  Atomics.wait(start, 0, 0);
  for (let i = 0; i < COUNT; i++) {
    const message = make(i);
    if (sender === undefined) parentPort.postMessage(message);
    else while (!sender.post(message)) sender.waitForRoom();
  }
  sender?.close();
}

/** Counts messages, and checks that each producer's come in order. */
class Receiver {
  constructor(kind, producers) {
    this.sequenceOf = SEQUENCE_OF[kind];
    this.next = new Array(producers).fill(0);
    this.left = producers * COUNT;
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

async function startWorkers(workerData, producers) {
  const url = new URL(import.meta.url);
  const workers = Array.from({ length: producers }, () => new Worker(url, { workerData }));
  await Promise.all(workers.map((each) => new Promise((resolve) => each.once('message', resolve))));
  return workers;
}

async function measure(way, kind, producers) {
  const reactor = new Reactor();
  const receiver = new Receiver(kind, producers);
  const onMessage = (message, producer) => receiver.take(message, producer);
  const mailbox = way === 'edgewise-mailbox' ? new Mailbox({ reactor, onMessage }) : undefined;
  if (mailbox !== undefined) reactor.attach();
  const start = new Int32Array(new SharedArrayBuffer(4));
  const workers = await startWorkers({ kind, address: mailbox?.address, start }, producers);
  const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
  if (mailbox === undefined) {
    for (const [index, worker] of workers.entries()) {
      worker.on('message', (message) => receiver.take(message, index));
    }
  }
  const [beganMs, cpuBefore] = [performance.now(), cpuUs()];
  Atomics.store(start, 0, 1);
  Atomics.notify(start, 0);
  await receiver.done;
  const seconds = (performance.now() - beganMs) / 1000;
  const usedUs = cpuUs() - cpuBefore;
  mailbox?.close();
  await Promise.all(ends);
  reactor.close();
  const operations = producers * COUNT;
  return { operationsPerSecond: operations / seconds, cpuUs: usedUs / operations, operations };
}

if (isMainThread) {
  const [way, kind, producers] = process.argv.slice(2);
  await answer(() => measure(way, kind, Number(producers)));
} else {
  produce(workerData);
}
