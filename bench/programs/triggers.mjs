// The triggers with one handler, which reads until there is no more: what is right under all of them,
// and needed under `edge`. Only the turns of the reactor are timed, not the writes between them.
//
//   node triggers.mjs trigger-level|trigger-edge|trigger-oneshot DESCRIPTORS     (see answer.mjs)
import { Interest, Reactor } from '../../dist/index.js';
import * as sys from '../../dist/sys/index.js';
import { answer, cpuUs } from './answer.mjs';

const MESSAGES = 50_000;
const [way, descriptors] = process.argv.slice(2);
const trigger = way.replace('trigger-', '');

const reactor = new Reactor();
const buffer = new sys.PinnedBuffer(4096);
const message = new Uint8Array(64);
let receivedCount = 0;

const handler = {
  onReady(_, registration) {
    while (buffer.recv(registration.fd) > 0) receivedCount++;
    if (trigger === 'oneshot') registration.rearm();
  },
};

const feeders = Array.from({ length: Number(descriptors) }, () => {
  const pair = new Int32Array(2);
  const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
  const result = sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
  if (result < 0) throw new Error(`socketpair: ${sys.errnoName(result)}`);
  reactor.register(pair[0], Interest.Readable, handler, { trigger });
  return pair[1];
});

await answer(() => {
  let usedUs = 0;
  let sentCount = 0;
  receivedCount = 0;
  while (receivedCount < MESSAGES) {
    const due = receivedCount + feeders.length;
    for (const fd of feeders) sys.send(fd, message);
    sentCount += feeders.length;
    const before = cpuUs();
    while (receivedCount < due) reactor.turn(-1);
    usedUs += cpuUs() - before;
  }
  // The feeder's calls are in no figure: neither in the time nor in the count of calls.
  const apart = { sendto: sentCount };
  return { nsPerOperation: (usedUs * 1000) / receivedCount, operations: receivedCount, apart };
});
