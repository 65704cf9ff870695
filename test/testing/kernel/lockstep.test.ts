// The simulated kernel beside the real one, call by call: random scripts over TCP on loopback, Unix streams and
// datagrams, UDP, pipes and eventfd. What a kernel is free in is compared as far as it is not: lockstep/run.ts.
//
// What the two do differently, and no script does:
//
// | call | the real kernel | the simulated one | why |
// | --- | --- | --- | --- |
// | connect of a TCP socket to itself | is connected to itself | ECONNREFUSED | no program does it on purpose |
// | shutdown of a stream that is not connected | ends what it is later, with or without ENOTCONN | nothing, with the same result | it is a mistake |
// | shutdown of a listener | no one can connect any more | nothing, ENOTCONN for TCP | close does it as well |
// | shutdown of a socket for datagrams | EPIPE of a send | ENOTCONN, or nothing of a Unix socket | rare |
// | MSG_OOB | urgent data | EOPNOTSUPP | no layer of edgewise uses it |
// | listen without a name, TCP | all addresses of the machine | the same | scripts must not meet other programs |
//
// And what they may do differently, which a run passes over: an edge of the room of a Unix socket for memory that
// was taken and given back though there was room; an edge when the peer of a TCP connection acknowledges its end;
// edges and room of a direction that was filled, and how much fills it.
//
// Replay: EDGEWISE_SEED=... EDGEWISE_SCRIPTS=1 npx vitest run test/testing/kernel/lockstep.test.ts
import { expect, test } from 'vitest';
import { Machine } from '../../../src/testing/kernel/machine.ts';
import { seedOfRun } from '../../helpers/random.ts';
import { type Comparison, compareInStep } from './lockstep/compare.ts';
import { SimulatedSide } from './lockstep/sides.ts';

const seed = seedOfRun();
const scriptCount = Number(process.env.EDGEWISE_SCRIPTS ?? 2000);
/** What a busy machine may be late with, of all scripts. */
const UNSTEADY_MAX = 0.002;
const TIMEOUT_MS = Math.max(600_000, 30 * scriptCount);
/** From so many scripts on they must have all of these. */
const COVERING_COUNT = 1000;
const COVERED: readonly string[] = [
  'connect tcp to tcp: EINPROGRESS',
  'connect tcp to tcp: EISCONN',
  'accept from tcp',
  'accept from tcp: EAGAIN',
  'the first of',
  'write to tcp',
  'write to tcp: EPIPE',
  'write to tcp: ECONNRESET',
  'read of tcp',
  'read of tcp: ECONNRESET',
  'peek of tcp',
  'drain tcp',
  'fill tcp: EAGAIN',
  'shutdown tcp reading',
  'shutdown tcp writing',
  'shutdown tcp both',
  'linger tcp',
  'error of tcp: ECONNRESET',
  'connect unix to unix',
  'accept from unix',
  'write to unix',
  'write to unix: EPIPE',
  'read of unix',
  'fill unix: EAGAIN',
  'shutdown unix both',
  'send from udp to udp',
  'connect udp to udp',
  'read of udp',
  'send from unix-datagram to unix-datagram',
  'connect unix-datagram to unix-datagram',
  'read of unix-datagram',
  'write to pipe',
  'write to pipe: EPIPE',
  'fill pipe: EAGAIN',
  'read of pipe',
  'write to eventfd',
  'read of eventfd',
];

function expectNone({ failure, unsteady }: Comparison): void {
  expect(failure).toBeUndefined();
  const toleratedCount = scriptCount * UNSTEADY_MAX;
  expect(unsteady.slice(0, Math.max(unsteady.length - toleratedCount, 0))).toEqual([]);
}

const isLinux = process.platform === 'linux';
if (!isLinux) console.log('skipped: the simulated kernel is held against that of Linux');
const onLinux = test.runIf(isLinux);

onLinux(
  `${scriptCount} random scripts give the same on the real kernel and on the simulated one, from seed ${seed}`,
  () => {
    const comparison = compareInStep(seed, scriptCount);
    expectNone(comparison);
    const { seen } = comparison;
    const missing = COVERED.filter((name) => !seen.has(name));
    expect(scriptCount < COVERING_COUNT ? [] : missing).toEqual([]);
  },
  TIMEOUT_MS,
);

// All of it has arrived when the next call is made, so that nothing else may be different.
onLinux(
  `and so they do where segments are cut and late, from seed ${seed}`,
  () => {
    const faults = { delayMs: 1, cut: 0.5 };
    const makeSide = () => new SimulatedSide((below) => new Machine(below, { tape: 1, faults }));
    expectNone(compareInStep(seed, Math.ceil(scriptCount / 4), makeSide));
  },
  TIMEOUT_MS,
);
