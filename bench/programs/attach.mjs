// What it costs to drive a reactor from the loop of Node: messages go to and fro on socket pairs of
// one reactor, which is turned by hand or attached. CPU time of the process per message there and
// back.
//
//   node attach.mjs turn|nested|inverted PAIRS     (see answer.mjs)
import { Interest, Reactor } from '../../dist/index.js';
import * as sys from '../../dist/sys/index.js';
import { answer, cpuUs } from './answer.mjs';

const MESSAGES = 20_000;
const [way, pairs] = process.argv.slice(2);

const reactor = new Reactor();
const buffer = new sys.PinnedBuffer(4096);
let left = 0;
let finish = () => undefined;

const echo = {
  onReady(_, { fd }) {
    buffer.send(fd, 0, buffer.recv(fd));
  },
};
const counting = {
  onReady(_, { fd }) {
    const size = buffer.recv(fd);
    left--;
    if (left >= starters.length)
      buffer.send(fd, 0, size); // the last of each pair stays
    else if (left === 0) finish();
  },
};

const starters = Array.from({ length: Number(pairs) }, () => {
  const pair = new Int32Array(2);
  const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
  const result = sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
  if (result < 0) throw new Error(`socketpair: ${sys.errnoName(result)}`);
  reactor.register(pair[0], Interest.Readable, echo);
  reactor.register(pair[1], Interest.Readable, counting);
  return pair[1];
});
if (way !== 'turn') reactor.attach({ driver: way });

async function exchange() {
  left = MESSAGES;
  const isDone = new Promise((resolve) => {
    finish = resolve;
  });
  for (const fd of starters) sys.send(fd, new Uint8Array(64));
  if (way === 'turn') while (left > 0) reactor.turn(-1);
  await isDone;
}

await answer(async () => {
  const before = cpuUs();
  await exchange();
  return { nsPerOperation: ((cpuUs() - before) * 1000) / MESSAGES, operations: MESSAGES };
});
reactor.close();
