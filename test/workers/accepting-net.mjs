// One of several threads that accept from one listening socket through the net layer. Reports when it
// listens, and, asked, what it has accepted; then it ends.
import { parentPort, workerData } from 'node:worker_threads';
import { adoptListener, Reactor } from '../../dist/index.js';

const { fd, index, trigger, exclusive } = workerData;
const reactor = new Reactor();
reactor.attach();
const handlers = { open: (connection) => connection.end(Buffer.of(index)) };
const listener = adoptListener(fd, { handlers, reactor, trigger, exclusive });
parentPort.once('message', () => {
  const { accepted, aborted, exhausted, shed } = listener.stats;
  parentPort.postMessage({ accepted, failed: aborted + exhausted + shed });
  reactor.close();
});
parentPort.postMessage('listening');
