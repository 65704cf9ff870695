// The simulated kernel within the spec: the scripts that compare the reactor over the real kernel with the oracle
// (test/model), run over the simulated one, also with batches in another order. Strict edges are not in this
// spec, which is one of Linux, where each arrival is an edge: lockstep.test.ts holds them to it.
//
// Replay: EDGEWISE_SEED=... EDGEWISE_SCRIPTS=... npx vitest run test/testing/kernel/spec.test.ts
import { expect, test } from 'vitest';
import type { KernelOptions } from '../../../src/testing/kernel/options.ts';
import { seedOfRun } from '../../helpers/random.ts';
import { compareScripts, MODELLED } from '../../model/compare.ts';
import { useMachine } from './use-machine.ts';

const seed = seedOfRun();
const scriptCount = Number(process.env.EDGEWISE_SCRIPTS ?? 2000);

const KERNELS: readonly (readonly [name: string, options: KernelOptions])[] = [
  ['with all kind', {}],
  ['with batches in another order', { faults: { order: 0.5 } }],
];

for (const backend of MODELLED) {
  test.each(KERNELS)(
    `${backend}: the simulated kernel %s is within the spec, from seed ${seed}`,
    (_, options) => {
      const machine = useMachine({ tape: seed, ...options });
      const { failure } = compareScripts(backend, seed, scriptCount);
      expect(failure).toBeUndefined();
      expect(machine.table.numbers).toEqual([]);
      expect(machine.callCount).toBeGreaterThan(scriptCount);
    },
  );
}
