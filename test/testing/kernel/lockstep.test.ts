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
import { seedOfRun } from '../../helpers/random.ts';
import { compareInStep } from './lockstep/compare.ts';

const seed = seedOfRun();
const scriptCount = Number(process.env.EDGEWISE_SCRIPTS ?? 2000);
/** What a busy machine may be late with, of all scripts. */
const UNSTEADY_MAX = 0.002;

test.runIf(process.platform === 'linux')(
  `${scriptCount} random scripts give the same on the real kernel and on the simulated one, from seed ${seed}`,
  () => {
    const { failure, unsteady } = compareInStep(seed, scriptCount);
    expect(failure).toBeUndefined();
    expect(unsteady.slice(0, Math.max(unsteady.length - scriptCount * UNSTEADY_MAX, 0))).toEqual(
      [],
    );
  },
  600_000,
);
