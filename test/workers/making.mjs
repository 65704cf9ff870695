// Makes what native code makes objects for, over and over, until it is terminated.
import { parentPort } from 'node:worker_threads';
import { Poller, Reactor } from '../../dist/index.js';
import { PinnedBuffer } from '../../dist/sys/index.js';

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
