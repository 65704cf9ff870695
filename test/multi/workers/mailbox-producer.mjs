// Posts `count` numbers, or records of text and bytes, to a mailbox, and reports how often it was full.
import { parentPort, workerData } from 'node:worker_threads';
import { MailboxSender } from '../../../dist/multi/index.js';

const { address, count, kind, isEndless } = workerData;
const sender = new MailboxSender(address);
const bytes = Buffer.alloc(64, 1);

function messageOf(sequence) {
  if (kind === 'number') return sequence;
  if (sequence % 3 === 0) return `message ${sequence}`;
  if (sequence % 3 === 1) return { sequence };
  const length = 4 + (sequence % 60);
  bytes.writeUInt32LE(sequence);
  return bytes.subarray(0, length);
}

let full = 0;
for (let i = 0; i < count || isEndless; i++) {
  const message = messageOf(i);
  while (!sender.post(message)) {
    full++;
    sender.waitForRoom();
  }
}
sender.close();
parentPort.postMessage({ lane: sender.lane, full });
