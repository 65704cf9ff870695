// Writes random words into the memory of a mailbox, or posts to it until it is refused.
import { workerData } from 'node:worker_threads';
import { Waker } from '../../../dist/index.js';
import { MailboxSender } from '../../../dist/multi/index.js';

const { address, kind, seed } = workerData;
const WRITES = 20_000;
const POSTS = 50_000;
const REFUSALS = [
  'ERR_MAILBOX_INVALID',
  'ERR_CLOSED',
  'ERR_LIMIT_EXCEEDED',
  'ERR_INVALID_ARG_VALUE',
];
/** Words at the begin of the first lane: where a wrong one does most. */
const NEAR = 200;

function scribble() {
  const words = new Int32Array(address.memory);
  const waker = new Waker(address.wakerId);
  let state = seed | 1;
  const next = (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  for (let i = 0; i < WRITES; i++) {
    words[64 + next(i % 2 === 0 ? NEAR : words.length - 64)] =
      i % 3 === 0 ? 8 * next(200) : next(2 ** 32);
    if (i % 16 === 0) waker.wake();
  }
}

function post() {
  const messages = [1, 'text', { a: 1, b: 'x' }, [1, { c: [2] }], Buffer.alloc(40)];
  try {
    const sender = new MailboxSender(address);
    for (let i = 0; i < POSTS; i++) {
      if (!sender.post(messages[i % messages.length])) sender.waitForRoom(1);
    }
  } catch (error) {
    if (!REFUSALS.includes(error.code)) throw error;
  }
}

if (kind === 'post') post();
else scribble();
