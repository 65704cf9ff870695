// Runs the test suite on several Node versions with the one addon that is built (Node-API keeps
// its binary interface), and compares what simulated runs call on each of them:
// `npm run test:long -- nodes [20,22,24,26]`. Call `npm run build` before.
// Of the files that take long it runs those that lean on Node (vitest.config.ts). `24:1/3` runs one third of the
// files, and none that takes long: CI runs all on its own Node, and each of these once more.
// The Nodes come from the npm registry (node-<platform>-<arch>, scripts/fetch.mjs).
// Exit code 1 when a test fails, a simulated run is another one than on this Node, or a version that was asked for
// by name is unavailable.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fetchPackage, UnavailableError } from './fetch.mjs';

const VERSIONS = ['20', '22', '24', '26'];
const ADDON = 'build/Release/edgewise.node';
/** Of simulated runs. */
const SEEDS = 1000;
/** Groups of vitest.config.ts. */
const PROJECTS = ['together', 'side by side', 'timed'];
const LONG_OF_NODE = 'long, of Node';
/** What looks at files, and is the same whatever Node it is. */
const SAME_ON_ALL = ['test/{tidy,docs,scripts}.test.ts', 'test/tidy/**'];

function provideNode(major) {
  if (process.versions.node.split('.')[0] === major) return process.execPath;
  const folder = fetchPackage(`node-${process.platform}-${process.arch}@${major}`);
  return join(folder, 'bin', 'node');
}

function runSuite(node, part) {
  const folder = mkdtempSync(join(tmpdir(), 'test-nodes-'));
  const report = join(folder, 'report.json');
  // First on the PATH, for the programs that tests start through a shebang or by name.
  const env = {
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
    EDGEWISE_TEST_REPORT: report,
  };
  const args = ['node_modules/vitest/vitest.mjs', 'run'];
  const projects = part === undefined ? [...PROJECTS, LONG_OF_NODE] : PROJECTS;
  for (const project of projects) args.push('--project', project);
  for (const pattern of SAME_ON_ALL) args.push('--exclude', pattern);
  if (part !== undefined) args.push(`--shard=${part}`);
  const options = { encoding: 'utf8', env, maxBuffer: 1 << 28 };
  const { status, stdout, stderr } = spawnSync(node, args, options);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  rmSync(folder, { recursive: true });
  const passed = counts.numPassedTests ?? 0;
  const failed = counts.numFailedTests ?? 0;
  // A crash, or a file that does not load, fails the run without a failed test.
  const failedCount = status === 0 && passed > 0 ? failed : Math.max(failed, 1);
  if (failedCount > 0) process.stderr.write(`${stdout}${stderr}`);
  return { passed, failed: failedCount };
}

/** One line for the calls of each simulated run. */
function logsOf(node) {
  const args = ['test/testing/determinism/logs.mjs', String(SEEDS)];
  const { status, stdout, stderr } = spawnSync(node, args, { encoding: 'utf8' });
  if (status === 0) return stdout.trimEnd().split('\n');
  process.stderr.write(stderr);
  return [];
}

/** Whether simulated runs are on `node` what they are on this one; says so. */
function checkLogs(node, expected) {
  const logs = logsOf(node);
  const at = expected.findIndex((line, index) => line !== logs[index]);
  const isSame = at < 0 && logs.length === SEEDS + 1;
  const hash = createHash('sha256').update(logs.join('\n')).digest('hex').slice(0, 16);
  const what = isSame
    ? `${SEEDS} simulated runs are the same`
    : `simulated run ${at} is another one`;
  console.log(`Node ${versionOf(node)}: ${what}, ${hash}`);
  return isSame;
}

function versionOf(node) {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

const asked = process.argv[2];
const sum = { passed: 0, failed: 0 };
if (!existsSync(ADDON)) {
  console.error('nodes: there is no addon; npm run build makes it');
  process.exit(1);
}
const ownLogs = logsOf(process.execPath);
for (const each of asked?.split(',') ?? VERSIONS) {
  const [major, part] = each.split(':');
  try {
    const node = provideNode(major);
    if (!checkLogs(node, ownLogs)) sum.failed += 1;
    const startMs = performance.now();
    const { passed, failed } = runSuite(node, part);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(
      `Node ${versionOf(node)}${part === undefined ? '' : `, part ${part}`}: ${passed} passed, ${failed} failed (${seconds} s)`,
    );
    sum.passed += passed;
    sum.failed += failed;
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    console.log(`Node ${major}: NOT RUN: ${error.message}`);
    if (asked !== undefined) sum.failed += 1;
  }
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 ? 0 : 1);
