// A worker that its parent terminates: while it waits, works, or is inside a handler.
import { parentPort, workerData } from 'node:worker_threads';
import * as sys from '../../dist/sys/index.js';
import { Interest, Reactor } from './core.mjs';
import { pingPong } from './pingpong.mjs';

const { backend, driver, state, turns } = workerData;
const reactor = new Reactor({ backend });

const STATES = {
  blocked() {
    const waker = reactor.createWaker(() => undefined);
    parentPort.postMessage(waker.id);
    // A turn may end early: a new thread's loop has things to do.
    for (;;) {
      reactor.turn(-1);
      if (turns !== undefined) Atomics.add(turns, 0, 1);
    }
  },
  idle() {
    const waker = reactor.createWaker(() => undefined); // keeps it alive
    reactor.attach({ driver });
    parentPort.postMessage(waker.id);
  },
  busy() {
    pingPong(reactor, 1);
    reactor.attach({ driver });
    setTimeout(() => parentPort.postMessage('ready'), 1);
  },
  inside() {
    const onReady = () => {
      parentPort.postMessage('ready');
      for (;;);
    };
    const pipe = new Int32Array(2);
    sys.pipe2(pipe, sys.constants.O_NONBLOCK | sys.constants.O_CLOEXEC);
    reactor.register(pipe[1], Interest.Writable, { onReady });
    if (driver !== undefined) reactor.attach({ driver });
    else for (;;) reactor.turn(-1);
  },
};

STATES[state]();
