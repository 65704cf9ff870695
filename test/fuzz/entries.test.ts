// Bad input for the upper entry points, generated. Replay: EDGEWISE_SEED=... npx vitest run test/fuzz
import { readdirSync } from 'node:fs';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { defaultReactor } from '../../src/index.ts';
import { seedOfRun } from '../helpers/random.ts';
import { fuzzEntries } from './entries.fuzz.ts';
import { ENTRY_SIGNATURES, entryTargets } from './entries.ts';
import { coercions } from './values.ts';

const PASSES_MAX = 1000;
const seed = seedOfRun();
const callCount = Number(process.env.EDGEWISE_FUZZ_CALLS ?? 8000);
const descriptors = (): string[] => readdirSync('/dev/fd').sort();

test('every public function of the entry points has a signature, and every signature a function', () => {
  const targets = entryTargets();
  expect(targets.filter(({ roles }) => roles === undefined).map(({ name }) => name)).toEqual([]);
  const names = targets.map(({ name }) => name);
  expect(Object.keys(ENTRY_SIGNATURES).filter((name) => !names.includes(name))).toEqual([]);
});

test(`${callCount} calls of the entry points end in a result or a typed error, from seed ${seed}`, async () => {
  await fuzzEntries(seed, 400); // what is loaded lazily is loaded now
  // The pipe of its signals stays with the reactor of this thread; not every warm-up asks for it.
  defaultReactor()
    .onSignal('SIGWINCH', () => undefined)
    .close();
  const [before, coercedBefore] = [descriptors(), coercions.count];
  const { failures, counts, outcomes } = await fuzzEntries(seed, callCount);
  expect(failures).toEqual([]);
  expect(coercions.count).toBe(coercedBefore);
  expect(counts.size).toBe(entryTargets().length);
  for (const code of ['returned', 'Sentinel', 'ERR_INVALID_ARG_TYPE', 'ERR_CLOSED']) {
    expect(outcomes.get(code), code).toBeGreaterThan(0);
  }
  for (let passes = 0; passes < PASSES_MAX && descriptors().length > before.length; passes++) {
    await nextLoopPass();
  }
  expect(descriptors()).toEqual(before);
}, 60_000);
