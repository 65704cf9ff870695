// A sender that waits for room although its posts succeed, and tells how far it comes.
import { parentPort, workerData } from 'node:worker_threads';
import { MailboxSender } from '../../../dist/multi/index.js';

const { address, posts } = workerData;
const sender = new MailboxSender(address);
const tell = (text) => parentPort.postMessage(text);

function postAndWait() {
  sender.waitForRoom(); // nothing is there
  for (let i = 0; i < posts; i++) {
    sender.post(i);
    tell('posted');
    sender.waitForRoom();
  }
  sender.post('more');
  sender.close();
}

try {
  postAndWait();
  tell('open');
} catch ({ code }) {
  tell(code);
}
