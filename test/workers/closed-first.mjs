// A thread that closes a descriptor, then makes its first blocking turn, then closes the
// registration: what the turn has made for itself has the number by then.
import { parentPort, workerData } from 'node:worker_threads';
import * as sys from '../../dist/sys/index.js';
import { Interest, Reactor } from './core.mjs';

const { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } = sys.constants;
const fd = sys.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
const reactor = new Reactor({ backend: workerData.backend });
const waker = reactor.createWaker(() => undefined);
const registration = reactor.register(fd, Interest.Readable, { onReady: () => undefined });
sys.close(fd);
reactor.turn(1);
registration.close();
parentPort.postMessage(waker.id);
for (;;) reactor.turn(-1);
