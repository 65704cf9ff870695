// Bad input, generated. Replay: EDGEWISE_SEED=... npx vitest run test/fuzz
// The same under AddressSanitizer and UndefinedBehaviorSanitizer: npm run test:long -- fuzz
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultReactor } from '../../src/index.ts';
import { seedOfRun } from '../helpers/random.ts';
import { fuzz, publicTargets } from './fuzz.ts';
import { SIGNATURES } from './signatures.ts';
import { coercions } from './values.ts';

const seed = seedOfRun();
const callCount = Number(process.env.EDGEWISE_FUZZ_CALLS ?? 20_000);
const descriptors = (): string[] => readdirSync('/dev/fd').sort();

test('every public function has a signature, and every signature a function', () => {
  const targets = publicTargets();
  expect(targets.filter(({ roles }) => roles === undefined).map(({ name }) => name)).toEqual([]);
  const names = targets.map(({ name }) => name);
  expect(Object.keys(SIGNATURES).filter((name) => !names.includes(name))).toEqual([]);
});

test(`${callCount} calls with hostile values end in a result or a typed error, from seed ${seed}`, () => {
  defaultReactor(); // that of this thread stays
  fuzz(seed, 200); // what is loaded lazily is loaded now
  const before = descriptors();
  const { failures, counts, outcomes } = fuzz(seed, callCount);
  expect(failures).toEqual([]);
  expect(coercions.count).toBe(0);
  expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(
    Math.floor(callCount / publicTargets().length),
  );
  for (const code of [
    'returned',
    'Sentinel',
    'ERR_INVALID_ARG_TYPE',
    'ERR_OUT_OF_RANGE',
    'ERR_CLOSED',
  ]) {
    expect(outcomes.get(code), code).toBeGreaterThan(0);
  }
  expect(descriptors()).toEqual(before);
});
