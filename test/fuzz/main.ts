// The fuzz without a test runner, for an addon built with sanitizers (scripts/fuzz-asan.mjs).
// Arguments: seed, count of calls. Exit code 1: a failure, which is printed.
import { readdirSync } from 'node:fs';
import { addonPath } from '../../src/native.ts';
import { fuzz } from './fuzz.ts';
import { coercions } from './values.ts';

const [seed, callCount] = process.argv.slice(2).map(Number) as [number, number];
const descriptorCount = (): number => readdirSync('/dev/fd').length;

fuzz(seed, 2000); // what is made lazily is made now: modules, the default reactor
const before = descriptorCount();
const { failures, counts, outcomes } = fuzz(seed, callCount);
const leaked = descriptorCount() - before;
for (const failure of failures) console.log(failure);
if (leaked !== 0) console.log(`${leaked} descriptors leaked`);
if (coercions.count > 0) console.log(`${coercions.count} values were turned into primitives`);
console.log(`${callCount} calls of ${counts.size} functions, seed ${seed}, ${addonPath}`);
console.log([...outcomes].map(([code, count]) => `${code} ${count}`).join(', '));
const failedCount = failures.length + Math.abs(leaked) + coercions.count;
console.log(`${counts.size} passed, ${failedCount} failed`); // functions; and what went wrong
process.exitCode = failedCount > 0 ? 1 : 0;
