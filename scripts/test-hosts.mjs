// Runs suites of ours under Bun and under Deno, with the one addon that is built: `npm run test:long -- hosts [bun|deno]
// [SUITE ...]`. Call `npm run build` before.
//
// vitest itself runs there, and so do its processes. test/hosts/own-suites.txt names each test that does not pass on a
// host, with the reason, and a test that ends otherwise than listed is a failure. There, `*` in place of the groups
// of a test is for all that have its title, of which one at least fails.
// The hosts come from the npm registry (scripts/fetch.mjs). Exit code 1 also when a host is unavailable.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, fetchPackage, UnavailableError } from './fetch.mjs';
import { compareSuites, filesToRepeat, namesOf } from './own-suites.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LIST = join(ROOT, 'test/hosts/own-suites.txt');
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const SUITES = ['sys', 'poller', 'reactor', 'net', 'promises'];
const TEST_MS = 20_000;
/** Of one file, whose process is ended then. EDGEWISE_FILE_SECONDS takes another limit, for a busy machine. */
const FILE_SECONDS = process.env.EDGEWISE_FILE_SECONDS ?? '60';
/** Of a whole run of vitest. */
const RUN_MS = 1_800_000;

const { platform, arch } = process;
const HOSTS = {
  bun: {
    label: 'Bun',
    spec: `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}@1.4.5`,
    binary: 'bin/bun',
    before: ['--bun', VITEST],
    env: {},
  },
  deno: {
    label: 'Deno',
    spec: `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}@2.9.6`,
    binary: 'deno',
    before: ['run', '-A', '--quiet', '--no-lock', '--node-modules-dir=manual', VITEST],
    env: { DENO_DIR: join(cacheFolder(), 'deno-dir'), DENO_NO_UPDATE_CHECK: '1' },
  },
};

/** The part of the list that is of one host. */
function listOf(host, suites) {
  let isOurs = false;
  const lines = readFileSync(LIST, 'utf8').split('\n');
  const ours = lines.filter((line) => {
    if (line.startsWith('= ')) isOurs = line.split(' ').includes(host);
    return isOurs;
  });
  return { list: namesOf(ours.join('\n'), suites), reasons: ours };
}

/** Runs vitest on a host, bounded in time. @returns what it has printed, and its exit code. */
function vitest(host, args, env) {
  const { spec, binary, before } = HOSTS[host];
  const child = spawn(join(fetchPackage(spec), binary), [...before, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...HOSTS[host].env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

/** Every test of the files with how it ended, by file and name. */
async function runFiles(host, folder, paths, list) {
  const file = join(folder, `${host}.json`);
  rmSync(file, { force: true });
  const args = ['run', ...paths, `--testTimeout=${TEST_MS}`, `--hookTimeout=${TEST_MS}`];
  args.push('--reporter=default', '--reporter=json', `--outputFile.json=${file}`);
  for (const left of list.files) args.push('--exclude', `test/${left}`);
  const env = {
    EDGEWISE_FILE_SECONDS: FILE_SECONDS,
    EDGEWISE_LEFT_OUT: JSON.stringify([...list.left]),
  };
  const { output } = await vitest(host, args, env);
  if (!existsSync(file)) return { tests: [], broken: ['vitest'], output };
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  const nameOf = (path) => relative(join(ROOT, 'test'), path);
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      file: nameOf(name),
      name: [...ancestorTitles, title].join(' > '),
      status,
    })),
  );
  // A file that did not load, or whose process has ended.
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return { tests, broken: broken.map(({ name }) => nameOf(name)), output };
}

// The suites were written for a machine that is not busy: what has failed and is not on the list is run once more,
// beside less.
async function repeat(host, folder, first, list) {
  const files = [...new Set([...filesToRepeat(first.tests, list), ...first.broken])];
  if (files.length === 0 || first.broken.includes('vitest')) return first;
  console.log(`${HOSTS[host].label}, once more: ${files.join(', ')}`);
  const paths = files.map((file) => `test/${file}`);
  const second = await runFiles(host, folder, [...paths, '--maxWorkers=1'], list);
  const tests = first.tests.filter(({ file }) => !files.includes(file));
  return { ...second, tests: [...tests, ...second.tests] };
}

/**
 * Puts names in place of the patterns `FILE > * > NAME`, which are for whatever groups a test is in: those of the tests
 * that have not passed. The pattern stays, as a test that does not exist, where all have.
 */
function expand(list, tests) {
  for (const pattern of [...list.failing].filter((name) => name.includes(' > * > '))) {
    const [file, title] = pattern.split(' > * > ');
    const failed = tests.filter(
      (test) => test.file === file && test.status === 'failed' && isOf(test.name, title),
    );
    if (failed.length > 0) list.failing.delete(pattern);
    for (const { name } of failed) list.failing.add(`${file} > ${name}`);
  }
}

const isOf = (name, title) => name === title || name.endsWith(` > ${title}`);

async function runHost(host, folder, suites) {
  const { label, spec } = HOSTS[host];
  const { list, reasons } = listOf(host, suites);
  const paths = suites.map((suite) => `test/${suite}/`);
  const first = await runFiles(host, folder, paths, list);
  expand(list, first.tests);
  const { tests, broken, output } = await repeat(host, folder, first, list);
  const { lines, wrong, passed } = compareSuites(tests, list, `under ${label}`);
  wrong.push(...broken.map((file) => `has not run to its end: ${file}`));
  console.log(`${spec}`);
  for (const line of lines) console.log(line);
  for (const line of reasons) console.log(line);
  if (wrong.length > 0) process.stderr.write(output);
  for (const line of wrong) console.log(`  ${line}`);
  return { passed, failed: wrong.length };
}

const words = process.argv.slice(2);
const named = words.filter((word) => Object.hasOwn(HOSTS, word));
const suites = words.filter((word) => !Object.hasOwn(HOSTS, word));
const folder = mkdtempSync(join(tmpdir(), 'test-hosts-'));
const sum = { passed: 0, failed: 0 };
try {
  const hosts = named.length > 0 ? named : Object.keys(HOSTS);
  for (const host of hosts) fetchPackage(HOSTS[host].spec);
  // Side by side: each waits for more than half of its time.
  const runs = hosts.map(async (host) => {
    const startMs = performance.now();
    const { passed, failed } = await runHost(host, folder, suites.length > 0 ? suites : SUITES);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(`${HOSTS[host].label}: ${passed} passed, ${failed} failed (${seconds} s)`);
    sum.passed += passed;
    sum.failed += failed;
  });
  await Promise.all(runs);
} catch (error) {
  if (!(error instanceof UnavailableError)) throw error;
  console.log(`NOT RUN: ${error.message}`);
  sum.failed += 1;
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);
