// Makes what native code makes objects for, over and over, until it is terminated.
import { parentPort } from 'node:worker_threads';
import { PinnedBuffer } from '../../dist/sys/index.js';
import { Poller, Reactor } from './core.mjs';

function makeAll() {
  const reactor = new Reactor();
  reactor.attach();
  reactor.onSignal('SIGUSR2', () => undefined);
  reactor.detach();
  reactor.close();
  new Poller().close();
  void Poller.availableBackends;
  void new PinnedBuffer(64);
}

makeAll();
parentPort.postMessage('ready');
for (;;) makeAll();
