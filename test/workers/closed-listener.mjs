// Opens a listener with a reserve descriptor and closes it, then waits to be ended: what the thread
// had open by then must not be closed with it, as the numbers may be another file's.
import { parentPort } from 'node:worker_threads';
import { listen } from '../../dist/index.js';

const options = { host: '127.0.0.1', port: 0, handlers: {}, onExhaustion: 'shed' };
listen(options).close();
parentPort.once('message', () => parentPort.close());
parentPort.postMessage('closed');
