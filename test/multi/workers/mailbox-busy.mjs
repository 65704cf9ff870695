// Has a mailbox, and never reads it: it waits for a cell that never changes.
import { parentPort } from 'node:worker_threads';
import { Reactor } from '../../../dist/index.js';
import { Mailbox } from '../../../dist/multi/index.js';

const reactor = new Reactor();
const mailbox = new Mailbox({ reactor, onMessage: () => undefined });
parentPort.postMessage(mailbox.address);
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
