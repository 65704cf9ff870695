// Messages from several threads to one: a Mailbox, or postMessage. Both take the same messages,
// count them and check their order per producer; the clock runs from the start signal to the last
// message. The threads are the same in all rounds, so their code is compiled. postMessage has no bound:
// its producers never wait.
//
//   node mailbox.mjs edgewise-mailbox|node-message number|bytes|object PRODUCERS     (see answer.mjs)
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Reactor } from '../../dist/index.js';
import { Mailbox, MailboxSender } from '../../dist/multi/index.js';
import { answer, cpuUs } from './answer.mjs';

const COUNT = 200_000; // of each producer
const WARM_UP_COUNT = 3; // rounds until V8 has compiled all that is hot
const READY = 'ready';

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

/** Posts `COUNT` messages each time that `start` counts up. */
function produce({ kind, address, start }) {
  const sender = address === undefined ? undefined : new MailboxSender(address);
  const make = KINDS[kind];
  parentPort.postMessage(READY);
  for (let round = 0; ; round++) {
    Atomics.wait(start, 0, round);
    for (let i = 0; i < COUNT; i++) {
      const message = make(i);
      if (sender === undefined) parentPort.postMessage(message);
      else while (!sender.post(message)) sender.waitForRoom();
    }
  }
}

/** Counts messages, and checks that each producer's come in order. */
class Receiver {
  constructor(kind, producers) {
    this.sequenceOf = SEQUENCE_OF[kind];
    this.next = new Array(producers).fill(0);
    this.left = 0;
  }

  /** Resolves when each producer's `COUNT` messages have come. */
  begin() {
    this.next.fill(0);
    this.left = this.next.length * COUNT;
    return new Promise((resolve) => {
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

/** Gives a function that has all producers post, and measures it. */
async function open(way, kind, producers) {
  const receiver = new Receiver(kind, producers);
  const onMessage = (message, producer) => receiver.take(message, producer);
  const start = new Int32Array(new SharedArrayBuffer(4));
  const isMailbox = way === 'edgewise-mailbox';
  const reactor = new Reactor();
  const address = isMailbox ? new Mailbox({ reactor, onMessage }).address : undefined;
  if (isMailbox) reactor.attach();
  const workers = await startWorkers({ kind, address, start }, producers);
  if (!isMailbox) {
    for (const [index, worker] of workers.entries()) {
      worker.on('message', (message) => receiver.take(message, index));
    }
  }
  return async () => {
    const done = receiver.begin();
    const [beganMs, cpuBefore] = [performance.now(), cpuUs()];
    Atomics.add(start, 0, 1);
    Atomics.notify(start, 0);
    await done;
    const seconds = (performance.now() - beganMs) / 1000;
    const usedUs = cpuUs() - cpuBefore;
    const operations = producers * COUNT;
    return { operationsPerSecond: operations / seconds, cpuUs: usedUs / operations, operations };
  };
}

if (isMainThread) {
  const [way, kind, producers] = process.argv.slice(2);
  const measure = await open(way, kind, Number(producers));
  for (let round = 0; round < WARM_UP_COUNT; round++) await measure();
  await answer(measure);
  process.exit(); // the producers wait for the next start
} else {
  produce(workerData);
}
