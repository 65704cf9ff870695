// States of an attached reactor on a worker thread in which there is nothing to do: `node quiet.mjs <state>
// <back-end> <trigger>`. Prints what the reactor did meanwhile, as JSON.
import { setTimeout as elapsed } from 'node:timers/promises';
import { isMainThread, Worker } from 'node:worker_threads';
import * as sys from '../../dist/sys/index.js';
import { Interest, Reactor } from './core.mjs';
import { limitDescriptors } from './descriptor-limit.mjs';

const [, , state, backend, trigger] = process.argv;
const QUIET_MS = 200;
const DESCRIPTORS_MAX = 128; // of a process that is to have none left
const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;

const errors = [];
const onError = (error) => errors.push(error.code);
let calls = 0;

function pair() {
  const fds = new Int32Array(2);
  sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
  return fds;
}

/** Closed behind its registration, and ready all the time: a duplicate keeps the file open. */
function haunt(reactor) {
  const [ours] = pair();
  const registration = reactor.register(ours, Interest.Writable, { onReady: () => undefined });
  sys.dup(ours);
  sys.close(ours);
  registration.close();
}

const STATES = {
  async 'a oneshot that is paused, and a hang-up'(reactor) {
    const [ours, theirs] = pair();
    const handler = { onReady: () => calls++ };
    const registration = reactor.register(ours, Interest.Readable, handler, { trigger });
    registration.setInterest(Interest.None);
    registration.rearm();
    sys.close(theirs);
    await elapsed(20);
  },
  async 'a oneshot that has fired, and a hang-up'(reactor) {
    const [ours, theirs] = pair();
    reactor.register(ours, Interest.Readable, { onReady: () => calls++ }, { trigger });
    sys.write(theirs, Buffer.from('x'));
    while (calls === 0) await elapsed(1);
    sys.close(theirs);
  },
  async 'a ghost without a free descriptor'(reactor) {
    haunt(reactor);
    limitDescriptors(DESCRIPTORS_MAX);
    while (sys.dup(0) >= 0);
    while (reactor.stats.ghostsRemoved === 0) await elapsed(1);
  },
};

async function measure() {
  const reactor = new Reactor({ backend, onError });
  reactor.attach();
  await STATES[state](reactor);
  const before = reactor.stats.waits;
  await elapsed(QUIET_MS);
  const { waits, ghostsRemoved } = reactor.stats;
  reactor.close();
  return { calls, errors, ghostsRemoved, waits: waits - before };
}

if (isMainThread) {
  new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
} else {
  console.log(JSON.stringify(await measure()));
  process.exit(); // only this thread
}
