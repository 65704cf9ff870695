// One of several threads that accept from one listener, each woken alone where the kernel can.
import { parentPort, workerData } from 'node:worker_threads';
import * as sys from '../../dist/sys/index.js';
import { Interest, Reactor } from './core.mjs';

const { fd, index, counts, trigger, exclusive } = workerData;
const reactor = new Reactor();
const EMPTY = counts.length - 1; // the last word counts wake-ups that found nothing

function onReady() {
  for (let accepted = 0; ; accepted++) {
    const peer = sys.accept4(fd, undefined, sys.constants.SOCK_CLOEXEC);
    if (peer < 0) {
      if (peer !== sys.WOULD_BLOCK) throw new Error(sys.errnoName(peer));
      if (accepted === 0) Atomics.add(counts, EMPTY, 1);
      return;
    }
    sys.write(peer, Buffer.of(index));
    sys.close(peer);
    Atomics.add(counts, index, 1);
  }
}

let isOver = false;
const waker = reactor.createWaker(() => {
  isOver = true;
});
reactor.register(fd, Interest.Readable, { onReady }, { trigger, exclusive });
parentPort.postMessage(waker.id);
while (!isOver) reactor.turn(-1);
reactor.close();
