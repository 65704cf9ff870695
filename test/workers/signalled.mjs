// A worker that watches a signal, and posts its name each time.
import { parentPort } from 'node:worker_threads';
import { Reactor } from './core.mjs';

const reactor = new Reactor();
reactor.attach();
reactor.onSignal('SIGUSR2', (name) => parentPort.postMessage(name));
reactor.setInterval(() => undefined, 60_000); // a signal does not keep it alive
parentPort.postMessage('ready');
