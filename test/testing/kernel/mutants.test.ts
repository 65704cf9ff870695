// The comparisons must be able to fail: simulated kernels with one mistake each, all of which are found by the
// comparison with the real kernel, and those of interest sets by the spec as well, of Linux's and of strict edges.
import { expect, onTestFinished, test } from 'vitest';
import { InterestSet } from '../../../src/testing/kernel/interest-set.ts';
import { Machine } from '../../../src/testing/kernel/machine.ts';
import { Poll } from '../../../src/testing/kernel/open-file.ts';
import type { KernelOptions } from '../../../src/testing/kernel/options.ts';
import { StreamEnd } from '../../../src/testing/kernel/stream.ts';
import { seedOfRun } from '../../helpers/random.ts';
import { compareScripts } from '../../model/compare.ts';
import type { Rules } from '../../model/runner.ts';
import { firstDifference } from './lockstep/compare.ts';
import { SimulatedSide } from './lockstep/sides.ts';
import { mutate, OF_SETS, OF_SOCKETS, OF_STREAMS } from './mutants/list.ts';
import { Machines } from './spec/subject.ts';

const seed = seedOfRun();
const SCRIPTS_MAX = 10_000;
const TIMEOUT_MS = 600_000;

const isLinux = process.platform === 'linux';
if (!isLinux) console.log('skipped: the simulated kernel is held against that of Linux');
test.runIf(isLinux).each([...OF_SETS, ...OF_STREAMS, ...OF_SOCKETS])(
  'beside the real kernel a simulated one is found that %s',
  (_, mutateClass, mutateMachine) => {
    mutateClass();
    const found = firstDifference(seed, SCRIPTS_MAX, () => {
      const side = new SimulatedSide();
      mutateMachine(side.machine);
      return side;
    });
    expect(found).toBeDefined();
  },
  TIMEOUT_MS,
);

test.runIf(isLinux)(
  'beside the real kernel one is found whose edges are changes only',
  () => {
    const makeSide = () => new SimulatedSide((below) => new Machine(below, { edges: 'strict' }));
    expect(firstDifference(seed, SCRIPTS_MAX, makeSide)).toBeDefined();
  },
  TIMEOUT_MS,
);

/** What the spec says of a simulated kernel. */
function differenceFromSpec(options: KernelOptions, rules: Rules = {}): string | undefined {
  const machines = new Machines(options);
  onTestFinished(machines.uninstall);
  return compareScripts('epoll', seed, SCRIPTS_MAX, machines.make, rules).failure;
}

test.each(OF_SETS)('by the spec a simulated kernel is found that %s', (_, mutateClass) => {
  mutateClass();
  expect(differenceFromSpec({})).toBeDefined();
});

test.each(OF_SETS)('by the spec of strict edges one is found that %s', (_, mutateClass) => {
  mutateClass();
  expect(differenceFromSpec({ edges: 'strict' }, { isStrict: true })).toBeDefined();
});

test('by the spec of strict edges one is found whose edges are those of Linux', () => {
  expect(differenceFromSpec({}, { isStrict: true })).toMatch(/was called for .*, not anything/);
});

test('by the spec one is found whose edges are strict', () => {
  expect(differenceFromSpec({ edges: 'strict' })).toMatch(/was not called for/);
});

test('by the spec of strict edges one is found whose edges are those of any bit of poll', () => {
  mutate(
    InterestSet.prototype,
    'onActivity',
    (onActivity) =>
      function (this: InterestSet, entry) {
        onActivity.call(this, entry, true);
      },
  );
  expect(differenceFromSpec({ edges: 'strict' }, { isStrict: true })).toBeDefined();
});

test('by the spec with faults one is found that loses a byte of what a short read leaves', () => {
  mutate(
    StreamEnd.prototype,
    'read',
    (read) =>
      function (this: StreamEnd, into, isPeek) {
        const result = read.call(this, into, isPeek);
        return result > 1 ? result - 1 : result;
      },
  );
  const faults = { interrupted: 0.2, shortReads: 0.3 };
  expect(differenceFromSpec({ faults }, { hasFaults: true })).toBeDefined();
});

test('by the spec one is found that says it is writable though it is full', () => {
  mutate(
    StreamEnd.prototype,
    'poll',
    (poll) =>
      function (this: StreamEnd) {
        return poll.call(this) | Poll.Out;
      },
  );
  expect(differenceFromSpec({})).toMatch(/Writable/);
});
