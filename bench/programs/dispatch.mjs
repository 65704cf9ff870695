// What an event costs: descriptors that are always ready, and a handler that does nothing. Linux's
// work is in the figures, the same for all.
//
//   node dispatch.mjs edgewise-poller|edgewise-reactor|edgewise-context READY     (see answer.mjs)
//
//   edgewise-poller    Poller.wait alone: what the system and the addon take
//   edgewise-reactor   Reactor.turn, with a handler of a registration
//   edgewise-context   the same, where registrations keep their async context (`asyncContext: true`)
import { AsyncLocalStorage } from 'node:async_hooks';
import { Interest, Poller, Reactor } from '../../dist/index.js';
import * as sys from '../../dist/sys/index.js';
import { answer, cpuUs } from './answer.mjs';

const EVENTS = 500_000;
const [way, ready] = process.argv.slice(2);

const storage = new AsyncLocalStorage();
const handler = { onReady: () => undefined };

/** The writing ends of pipes that nothing fills. */
function writableFds() {
  return Array.from({ length: Number(ready) }, () => {
    const fds = new Int32Array(2);
    const result = sys.pipe2(fds, sys.constants.O_NONBLOCK | sys.constants.O_CLOEXEC);
    if (result < 0) throw new Error(`pipe2: ${sys.errnoName(result)}`);
    return fds[1];
  });
}

function makePoller() {
  const poller = new Poller();
  for (const [token, fd] of writableFds().entries()) {
    poller.add(fd, token, Interest.Writable, 'level');
  }
  return () => poller.wait(0);
}

function makeReactor(asyncContext) {
  const reactor = new Reactor({ asyncContext });
  for (const [index, fd] of writableFds().entries()) {
    storage.run(index, () => reactor.register(fd, Interest.Writable, handler));
  }
  return () => reactor.turn(0);
}

const turn = way === 'edgewise-poller' ? makePoller() : makeReactor(way === 'edgewise-context');

await answer(() => {
  const before = cpuUs();
  let eventCount = 0;
  while (eventCount < EVENTS) eventCount += turn();
  return { nsPerOperation: ((cpuUs() - before) * 1000) / eventCount, operations: eventCount };
});
