// Holds the simulated kernel of edgewise/testing against everything that knows how a kernel behaves:
// `npm run test:long -- simulated`. Arguments choose among
//   suites  our own suites, run over it (test/helpers/simulated-kernel.ts). test/testing/own-suites.txt names each
//           test that does not pass, with the reason; the list may only shrink. Further arguments: some suites
//   proofs  the tests of the kernel itself, with more random scripts than `npm test` has
// The last line is the sum over both; exit code 1 when a test failed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareSuites, filesToRepeat, namesOf } from './own-suites.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LIST = 'test/testing/own-suites.txt';
const SUITES = [
  'poller',
  'reactor',
  'behaviour',
  'flow',
  'pipe',
  'net',
  'promises',
  'proactor',
  'stream',
  'node-dgram',
  'node-net',
];
const SHARE_MIN = 0.8;
const TEST_MS = 15_000;
/** Of one file, whose process is ended then. */
const FILE_SECONDS = 90;
/** Of a whole run of vitest. */
const RUN_MS = 900_000;
/** Scripts of each test of the file: the 23 of spec.test.ts have more than 100,000. */
const PROOFS = { spec: 4500, lockstep: 10_000, mutants: 2000 };

/** Runs vitest, bounded in time. @returns what it has printed, and its exit code. */
function vitest(args, env = {}) {
  const words = [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args];
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

async function reportOf(folder, name, args, env) {
  const file = join(folder, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const { code, output } = await vitest(['run', ...args, ...reporters], env);
  return { code, output, report: JSON.parse(readFileSync(file, 'utf8')) };
}

/** Every test of the suites with how it ended, by file and name. */
async function runSuites(folder, paths, left) {
  const inSimulation = { EDGEWISE_KERNEL: 'sim', EDGEWISE_FILE_SECONDS: String(FILE_SECONDS) };
  const limits = [`--testTimeout=${TEST_MS}`, `--hookTimeout=${TEST_MS}`];
  const excluded = left.flatMap((file) => ['--exclude', file]);
  const run = await reportOf(folder, 'suites', [...paths, ...limits, ...excluded], inSimulation);
  const tests = run.report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      file: relative(join(ROOT, 'test'), name),
      name: [...ancestorTitles, title].join(' > '),
      status,
    })),
  );
  return { tests, output: run.output };
}

// The suites were written for real time, in which a busy machine may be late: what has failed and is not on the
// list is run once more, beside less.
async function repeat(folder, tests, list) {
  const files = filesToRepeat(tests, list);
  if (files.length === 0) return tests;
  console.log(`once more: ${files.join(', ')}`);
  const paths = files.map((file) => `test/${file}`);
  const second = await runSuites(folder, paths, []);
  const keyOf = ({ file, name }) => `${file} > ${name}`;
  const passed = new Set(second.tests.filter(({ status }) => status === 'passed').map(keyOf));
  return tests.map((test) =>
    passed.has(keyOf(test)) && !list.failing.has(keyOf(test))
      ? { ...test, status: 'passed' }
      : test,
  );
}

/** The tests of files that are not run. */
async function listTests(folder, files) {
  if (files.length === 0) return [];
  const file = join(folder, 'left.json');
  await vitest(['list', ...files, `--json=${file}`]);
  return JSON.parse(readFileSync(file, 'utf8')).map((test) => ({
    file: relative(join(ROOT, 'test'), test.file),
    name: test.name,
    status: 'left out',
  }));
}

async function suites(folder, asked) {
  const chosen = asked.length > 0 ? asked : SUITES;
  const list = namesOf(readFileSync(join(ROOT, LIST), 'utf8'), chosen);
  const left = list.files.map((file) => `test/${file}`);
  const folders = chosen.map((suite) => `test/${suite}/`);
  const { tests, output } = await runSuites(folder, folders, left);
  const all = [...(await repeat(folder, tests, list)), ...(await listTests(folder, left))];
  const { lines, wrong, passed, share } = compareSuites(all, list);
  for (const line of lines) console.log(line);
  if (share < SHARE_MIN) wrong.push(`fewer than ${100 * SHARE_MIN} % pass`);
  if (wrong.length > 0) process.stderr.write(output);
  for (const line of wrong) console.log(`  ${line}`);
  return { passed, failed: wrong.length };
}

async function proofs(folder) {
  const sum = { passed: 0, failed: 0 };
  const runs = Object.entries(PROOFS).map(async ([name, scripts]) => {
    const args = [`test/testing/kernel/${name}.test.ts`, `--testTimeout=${RUN_MS}`];
    const env = { EDGEWISE_SCRIPTS: String(scripts) };
    const { code, output, report } = await reportOf(folder, name, args, env);
    const { numPassedTests: passed, numFailedTests } = report;
    const failed = code === 0 && passed > 0 ? numFailedTests : Math.max(numFailedTests, 1);
    console.log(`${name}, ${scripts} scripts each: ${passed} passed, ${failed} failed`);
    if (failed > 0) process.stderr.write(output);
    sum.passed += passed;
    sum.failed += failed;
  });
  await Promise.all(runs);
  return sum;
}

const MODES = { suites, proofs };
const [mode, ...asked] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'test-simulated-'));
const sum = { passed: 0, failed: 0 };
try {
  for (const [name, run] of Object.entries(MODES)) {
    if (mode !== undefined && mode !== name) continue;
    const startMs = performance.now();
    const { passed, failed } = await run(folder, asked);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(`${name}: ${passed} passed, ${failed} failed (${seconds} s)`);
    sum.passed += passed;
    sum.failed += failed;
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);
