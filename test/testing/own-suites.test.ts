// The list of tests that do not pass on the simulated kernel (scripts/own-suites.mjs): it is read, and held
// against how tests ended. `npm run test:long -- simulated` runs them.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface List {
  readonly files: string[];
  readonly failing: Set<string>;
  readonly unsteady: Set<string>;
}
interface Ended {
  readonly file: string;
  readonly name: string;
  readonly status: string;
}
interface Comparison {
  readonly lines: string[];
  readonly wrong: string[];
  readonly passed: number;
  readonly share: number;
}

const SCRIPT = new URL('../../scripts/own-suites.mjs', import.meta.url).href;
const { compareSuites, filesToRepeat, namesOf } = (await import(SCRIPT)) as {
  filesToRepeat(tests: readonly Ended[], list: List): string[];
  namesOf(text: string, suites: readonly string[]): List;
  compareSuites(tests: readonly Ended[], list: List): Comparison;
};
const ended = (name: string, status: string): Ended => ({ file: 'net/a.test.ts', name, status });

const TEXT = `
# What this is.

Starts a process:
  net/children.test.ts
  net/a.test.ts > fails > by name
  ? net/a.test.ts > fails at times
  flow/b.test.ts > of another suite
`;

test('it is read for the suites that run', () => {
  expect(namesOf(TEXT, ['net'])).toEqual({
    files: ['net/children.test.ts'],
    failing: new Set(['net/a.test.ts > fails > by name']),
    unsteady: new Set(['net/a.test.ts > fails at times']),
    left: new Set(),
  });
});

test('a file is run once more for what failed and is not on the list', () => {
  const list = namesOf(TEXT, ['net']);
  const asListed = [ended('fails > by name', 'failed'), ended('fails at times', 'failed')];
  const well = [ended('passes', 'passed'), ended('is skipped everywhere', 'skipped')];
  expect(filesToRepeat([...asListed, ...well], list)).toEqual([]);
  const late = [ended('is late', 'failed'), ended('comes behind it', 'pending')];
  expect(filesToRepeat([...asListed, ...late], list)).toEqual(['net/a.test.ts']);
});

test('what ends as the list has it is right, and counted', () => {
  const tests = [
    ended('passes', 'passed'),
    ended('is skipped everywhere', 'skipped'),
    ended('fails > by name', 'failed'),
    ended('fails at times', 'failed'),
    { file: 'net/children.test.ts', name: 'any', status: 'left out' },
  ];
  const { lines, wrong, passed, share } = compareSuites(tests, namesOf(TEXT, ['net']));
  expect(wrong).toEqual([]);
  expect([passed, share]).toEqual([1, 0.25]);
  expect(lines).toEqual([
    'net: 1 of 4 tests pass on the simulated kernel (25.0 %)',
    'our suites: 1 of 4 tests pass on the simulated kernel (25.0 %)',
  ]);
});

test('what fails unlisted, passes although listed, or is gone, is wrong', () => {
  const tests = [
    ended('new', 'failed'),
    ended('never ran', 'pending'),
    ended('fails > by name', 'passed'),
  ];
  expect(compareSuites(tests, namesOf(TEXT, ['net'])).wrong).toEqual([
    'failed: net/a.test.ts > new',
    'pending: net/a.test.ts > never ran',
    'passes, and is listed: net/a.test.ts > fails > by name',
    'is listed, and does not exist: net/a.test.ts > fails at times',
  ]);
});

test('every file that it names exists', () => {
  const text = readFileSync(new URL('own-suites.txt', import.meta.url), 'utf8');
  const files = [...text.matchAll(/^ {2}(?:\? )?(\S+\.test\.ts)/gm)].map(([, file]) => file);
  expect(files.length).toBeGreaterThan(0);
  const missing = files.filter(
    (file) => !existsSync(fileURLToPath(new URL(`../${file}`, import.meta.url))),
  );
  expect(missing).toEqual([]);
});
