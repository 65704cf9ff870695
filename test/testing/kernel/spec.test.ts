// The simulated kernel within the spec: the scripts that compare the reactor over the real kernel with the oracle
// (test/model), run over the simulated one; with Linux's edges and with strict ones, and with the faults that
// concern what the scripts use. Those of the network are held to the real kernel (lockstep.test.ts).
//
// Replay: EDGEWISE_SEED=... EDGEWISE_SCRIPTS=... npx vitest run test/testing/kernel/spec.test.ts
import { expect, onTestFinished, test } from 'vitest';
import type { KernelOptions } from '../../../src/testing/kernel/options.ts';
import { seedOfRun } from '../../helpers/random.ts';
import { compareScripts, MODELLED } from '../../model/compare.ts';
import { Machines } from './spec/subject.ts';

const seed = seedOfRun();
const scriptCount = Number(process.env.EDGEWISE_SCRIPTS ?? 600);

const FAULTS = {
  order: 0.5,
  spurious: 0.3,
  shortReads: 0.3,
  shortWrites: 0.3,
  interrupted: 0.1,
  emfile: 0.1,
};
const KERNELS: readonly (readonly [name: string, options: KernelOptions])[] = [
  ['with all kind', {}],
  ['with batches in another order', { faults: { order: 0.5 } }],
  ['with wake-ups for nothing', { faults: { spurious: 0.3 } }],
  ['with short reads and writes', { faults: { shortReads: 0.5, shortWrites: 0.5 } }],
  ['with interrupted calls', { faults: { interrupted: 0.2 } }],
  ['with no descriptor left', { faults: { emfile: 0.3 } }],
  ['with all of these', { faults: FAULTS }],
  ['with strict edges', { edges: 'strict' }],
  ['with strict edges and all faults', { edges: 'strict', faults: FAULTS }],
];

// Only epoll has edges.
const CASES = MODELLED.flatMap((backend) =>
  KERNELS.filter(([, { edges }]) => edges === undefined || backend === 'epoll').map(
    ([name, options]) => [backend, name, options] as const,
  ),
);

test.each(CASES)(
  `%s: the simulated kernel %s is within the spec, from seed ${seed}`,
  (backend, _, options) => {
    const machines = new Machines(options);
    onTestFinished(machines.uninstall);
    const rules = { isStrict: options.edges === 'strict', hasFaults: options.faults !== undefined };
    const { failure } = compareScripts(backend, seed, scriptCount, machines.make, rules);
    machines.count();
    expect(failure).toBeUndefined();
    expect(machines.leftOpenCount).toBe(0);
    expect(machines.callCount).toBeGreaterThan(scriptCount);
    // A fault that never happened has proved nothing; in one script that is repeated it may not.
    if (rules.hasFaults && scriptCount > 1) expect(machines.unkindCount).toBeGreaterThan(0);
  },
);
