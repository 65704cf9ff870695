// The reactor against the oracle: random scripts of everything that can be done to descriptors and
// registrations, between turns and inside handlers, on every back-end that the simulation knows.
//
// Replay: EDGEWISE_SEED=... EDGEWISE_SCRIPTS=... npx vitest run test/model
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { seedOfRun } from '../helpers/random.ts';
import { compareScripts, MODELLED } from './compare.ts';

const scriptCount = Number(process.env.EDGEWISE_SCRIPTS ?? 10_000);
const seed = seedOfRun();
const descriptorCount = (): number => readdirSync('/dev/fd').length;

for (const backend of MODELLED) {
  test(`${backend}: ${scriptCount} random scripts give what the oracle says, from seed ${seed}`, () => {
    const before = descriptorCount();
    const comparison = compareScripts(backend, seed, scriptCount);
    expect(comparison.failure).toBeUndefined();
    expect(comparison.scriptCount).toBe(scriptCount);
    expect(descriptorCount()).toBe(before);
  });
}
