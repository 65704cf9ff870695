// A process in which a reactor and another party watch one signal. Arguments: the signal, the party,
// which of the two comes first. Prints each step, and what was heard in it, as a line of JSON.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import inspector from 'node:inspector';
import { constants } from 'node:os';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { Reactor } from './core.mjs';

const [signal, party, first] = process.argv.slice(2);
const reactor = new Reactor();
reactor.attach();
reactor.setInterval(() => undefined, 60_000); // keeps it alive: a signal does not

const heard = new Set();
const note = (name) => heard.add(name);
const raise = () => process.kill(process.pid, signal);

/** Does something, and prints which parties have heard the signal when all of `expected` have. */
async function step(name, expected, act = raise) {
  heard.clear();
  act();
  while (!expected.every((each) => heard.has(each))) await nextLoopPass();
  await nextLoopPass(); // a party that should not have heard it would have by now
  console.log(JSON.stringify([name, [...heard].sort()]));
}

/** What the kernel does with the signal: 'caught', 'ignored' or 'default'. */
function disposition() {
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  const status = readFileSync('/proc/self/status', 'utf8');
  const isIn = (set) =>
    (BigInt(`0x${new RegExp(`${set}:\\s*(\\w+)`).exec(status)[1]}`) & bit) !== 0n;
  if (isIn('SigCgt')) return 'caught';
  return isIn('SigIgn') ? 'ignored' : 'default';
}

let subscription;
const subscribe = () => {
  subscription = reactor.onSignal(signal, () => note('reactor'));
};
const onProcess = () => note('process');

const PARTIES = {
  async process() {
    const parts = [
      ['reactor', subscribe],
      ['process', () => process.on(signal, onProcess)],
    ];
    const [[name, begin], [, join]] = first === 'party' ? parts.reverse() : parts;
    begin();
    await step('alone', [name]);
    join();
    await step('both', ['process', 'reactor']);
    process.off(signal, onProcess);
    await step('the listener is gone', ['reactor']);
    process.on(signal, onProcess);
    await step('it is back', ['process', 'reactor']);
    subscription.close();
    await step('the subscription is gone', ['process']);
    subscribe();
    await step('it is back', ['process', 'reactor']);
  },
  // libuv watches SIGCHLD from the first child to the end of the last.
  async children() {
    const run = (command, ...args) => spawn(command, args, { stdio: 'ignore' });
    if (first === 'reactor') subscribe();
    const long = run('sleep', '60');
    if (first === 'party') subscribe();
    await step('one of two has exited', ['reactor'], () => run('true'));
    await step('the other has exited', ['reactor'], () => long.kill());
    if (long.exitCode === null && long.signalCode === null) await once(long, 'exit');
    await step('there is none', ['reactor']);
    const again = run('true');
    if (again.exitCode === null) await once(again, 'exit');
    await step('another has come and gone', ['reactor']);
  },
  // Node's own handler of SIGUSR1 opens the inspector.
  async inspector() {
    subscribe();
    await step('watched', ['reactor']);
    console.log(JSON.stringify(['inspector', inspector.url() === undefined ? 'closed' : 'open']));
    subscription.close();
    raise();
    while (inspector.url() === undefined) await nextLoopPass();
    console.log(JSON.stringify(['not watched', 'open']));
  },
  // V8 takes samples by SIGPROF, and puts back what was there before.
  async profiler() {
    subscribe();
    const session = new inspector.Session();
    session.connect();
    const post = (method) => new Promise((resolve) => session.post(method, resolve));
    await post('Profiler.enable');
    await post('Profiler.start');
    await post('Profiler.stop');
    await step('after a profile', ['reactor']);
    session.disconnect();
  },
};

const before = process.platform === 'linux' ? disposition() : 'unknown';
await PARTIES[party]();
process.off(signal, onProcess);
reactor.close();
const after = process.platform === 'linux' ? disposition() : 'unknown';
console.log(JSON.stringify(['dispositions', before, after]));
