// A sender that waits for room although its posts succeed, and reports how far it gets.
import { parentPort, workerData } from 'node:worker_threads';
import { MailboxSender } from '../../../dist/multi/index.js';

const { address, posts } = workerData;
const sender = new MailboxSender(address);
const report = (text) => parentPort.postMessage(text);

function postAndWait() {
  sender.waitForRoom(); // nothing is there
  for (let i = 0; i < posts; i++) {
    sender.post(i);
    report('posted');
    sender.waitForRoom();
  }
  sender.post('more');
  sender.close();
}

try {
  postAndWait();
  report('open');
} catch ({ code }) {
  report(code);
}
