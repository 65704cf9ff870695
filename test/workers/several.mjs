// Three reactors of one thread, one of them inverted, and what each makes for the others: `node
// several.mjs <back-end of the inverted one> <which attaches first> <main | worker>` prints what
// came late, as JSON.
import { stat } from 'node:fs';
import { isMainThread, MessageChannel, Worker } from 'node:worker_threads';
import * as sys from '../../dist/sys/index.js';
import { Interest, Reactor } from './core.mjs';

const [, , backend, firstMode, where] = process.argv;
// Node's loop wakes up by itself this often: what comes only then is late.
const ALARM_MS = 2000;
const LATE_MS = 1000;
const FAR_MS = 1e7;

const makeReactors = () => {
  const inverted = new Reactor({ backend });
  const nested = new Reactor();
  const third = new Reactor();
  const attachInverted = () => inverted.attach({ driver: 'inverted' });
  if (firstMode === 'inverted') attachInverted();
  for (const reactor of [nested, third]) reactor.attach({ driver: 'nested' });
  if (firstMode !== 'inverted') attachInverted();
  return { inverted, nested, third };
};

/** Calls `onReady` once, in a turn of `reactor`, for a descriptor that is ready already. */
function whenReady(reactor, onReady) {
  const fds = new Int32Array(2);
  sys.pipe2(fds, sys.constants.O_NONBLOCK | sys.constants.O_CLOEXEC);
  reactor.register(fds[1], Interest.Writable, {
    onReady(_readiness, registration) {
      registration.close();
      for (const fd of fds) sys.close(fd);
      onReady();
    },
  });
}

// Work for `reactor`, which calls `done` in a turn of it.
const MAKERS = {
  registers: whenReady,
  defers: (reactor, done) => reactor.defer(done),
  'sets a timer': (reactor, done) => reactor.setTimeout(done, 1.5),
  'moves its deadline towards now'(reactor, done) {
    const timer = reactor.setTimeout(done, FAR_MS);
    reactor.setTimeout(() => undefined, 0);
    timer.clear();
    reactor.setTimeout(done, 1);
  },
  're-queues'(reactor, done) {
    const fds = new Int32Array(2);
    sys.pipe2(fds, sys.constants.O_NONBLOCK | sys.constants.O_CLOEXEC);
    const onReady = (_readiness, registration) => {
      registration.close();
      for (const fd of fds) sys.close(fd);
      done();
    };
    reactor.register(fds[0], Interest.Readable, { onReady }).requeue();
  },
  wakes(reactor, done) {
    const waker = reactor.createWaker(() => {
      waker.close();
      done();
    });
    waker.wake();
  },
  'attaches again'(reactor, done) {
    const driver = reactor.driverMode;
    reactor.detach();
    reactor.setTimeout(done, 1);
    reactor.attach({ driver });
  },
};

// What Node calls, made in a turn of a reactor.
const OF_NODE = {
  nextTick: (done) => process.nextTick(done),
  'promise job': (done) => Promise.resolve().then(done),
  immediate: (done) => setImmediate(done),
  'timeout of 0': (done) => setTimeout(done, 0),
  'timeout of 3': (done) => setTimeout(done, 3),
  'file operation': (done) => stat('.', done),
  message(done) {
    const { port1, port2 } = new MessageChannel();
    port2.once('message', () => {
      port2.close();
      done();
    });
    port1.postMessage(0);
  },
};

// Where in a turn of `reactor` something is made.
const PLACES = {
  'a handler': whenReady,
  'a timer': (reactor, make) => reactor.setTimeout(make, 1),
  'deferred work': (reactor, make) => reactor.defer(make),
  'a job behind the batch': (reactor, make) =>
    whenReady(reactor, () => Promise.resolve().then(make)),
  'a turn by hand in a handler'(reactor, make) {
    whenReady(reactor, () => {
      const byHand = new Reactor();
      whenReady(byHand, make);
      byHand.turn(-1);
      byHand.close();
    });
  },
  'turn(0) of all in a handler'(reactor, make) {
    whenReady(reactor, () => {
      make();
      for (const each of Object.values(reactors)) each.turn(0);
    });
  },
};

const late = [];
let count = 0;

async function measure(name, begin) {
  const startMs = performance.now();
  await new Promise(begin);
  count++;
  if (performance.now() - startMs > LATE_MS) late.push(name);
}

let reactors;

async function main() {
  reactors = makeReactors();
  // All are kept alive, so that nothing but what is measured wakes the thread.
  for (const reactor of Object.values(reactors)) reactor.setTimeout(() => undefined, FAR_MS);
  const alarm = setInterval(() => undefined, ALARM_MS);
  for (const [from, reactor] of Object.entries(reactors)) {
    for (const [place, enter] of Object.entries(PLACES)) {
      for (const [to, target] of Object.entries(reactors)) {
        for (const [what, make] of Object.entries(MAKERS)) {
          await measure(`${place} of ${from} ${what} for ${to}`, (done) =>
            enter(reactor, () => make(target, done)),
          );
        }
      }
      for (const [what, make] of Object.entries(OF_NODE)) {
        await measure(`${place} of ${from} makes a ${what}`, (done) =>
          enter(reactor, () => make(done)),
        );
      }
    }
  }
  for (const [place, enter] of Object.entries(OF_NODE)) {
    for (const [to, target] of Object.entries(reactors)) {
      for (const [what, make] of Object.entries(MAKERS)) {
        await measure(`a ${place} ${what} for ${to}`, (done) => enter(() => make(target, done)));
      }
    }
  }
  clearInterval(alarm);
  for (const reactor of Object.values(reactors)) reactor.close();
  process.stdout.write(JSON.stringify({ count, late }));
}

if (where === 'worker' && isMainThread) {
  new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
} else {
  await main();
}
