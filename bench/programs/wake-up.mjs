// A message to a thread that waits, and its answer: mailboxes of two reactors, or postMessage both
// ways. One message is under way at a time, so each finds the other thread asleep.
//
//   node wake-up.mjs edgewise-mailbox|node-message     (see answer.mjs)
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Reactor } from '../../dist/index.js';
import { Mailbox, MailboxSender } from '../../dist/multi/index.js';
import { answer } from './answer.mjs';

const COUNT = 5_000;

/** Gives a function that has each message answered by `sender`, and the address to write to. */
function openMailbox(onMessage) {
  const reactor = new Reactor();
  const mailbox = new Mailbox({ reactor, onMessage });
  reactor.attach();
  return mailbox.address;
}

function echoByMailbox(address) {
  const sender = new MailboxSender(address);
  parentPort.postMessage(openMailbox((message) => sender.post(message)));
}

function echoByMessage() {
  parentPort.on('message', (message) => parentPort.postMessage(message));
}

/** Gives `send`; what comes back goes to `state.onAnswer`. */
async function openWay(way, state) {
  const isMailbox = way === 'edgewise-mailbox';
  const onMessage = (message) => state.onAnswer(message);
  const address = isMailbox ? openMailbox(onMessage) : undefined;
  const worker = new Worker(new URL(import.meta.url), { workerData: { way, address } });
  worker.on('error', (error) => {
    throw error;
  });
  if (!isMailbox) {
    worker.on('message', onMessage);
    return (message) => worker.postMessage(message);
  }
  const theirs = await new Promise((resolve) => worker.once('message', resolve));
  const sender = new MailboxSender(theirs);
  return (message) => sender.post(message);
}

async function main(way) {
  const state = { onAnswer: () => undefined };
  const send = await openWay(way, state);
  await answer(async () => {
    const start = process.hrtime.bigint();
    await new Promise((resolve) => {
      state.onAnswer = (message) => (message === COUNT ? resolve() : send(message + 1));
      send(1);
    });
    const elapsed = Number(process.hrtime.bigint() - start);
    return { nsPerOperation: elapsed / COUNT, operations: COUNT };
  });
  process.exit();
}

if (isMainThread) await main(process.argv[2]);
else if (workerData.way === 'edgewise-mailbox') echoByMailbox(workerData.address);
else echoByMessage();
