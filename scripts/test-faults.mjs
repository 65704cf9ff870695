// Runs the tests of the net layer while the kernel is as unkind as it may be, on Linux:
// `npm run test:long -- faults`. Arguments choose among
//   one-byte    every read and write of a stream moves one byte (test/faults/one_byte.c, LD_PRELOAD);
//               with the tests of what uses the net layer
//   interrupted every third receive, send, accept and wait fails with EINTR (strace -e inject)
// Each mode shows first that its fault is there. What cannot be run says why, and fails under CI.
// The last line is the sum over all; exit code 1 when a test failed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const INTERRUPTED = ['recvfrom', 'sendto', 'writev', 'accept4', 'epoll_wait', 'epoll_pwait2'];
/** How often each of them is to fail at least, or the run has shown nothing. */
const INJECTIONS_MIN = 20;
/** Files of test/ that are left out, and why. */
const EXCLUDED = {
  'behaviour/spinning': 'traces by itself',
  'behaviour/injected': 'traces by itself',
  'net/listen/exclusive': 'its point is the number of connections',
  'net/connection/stopped': 'moves more than all buffers take',
  'behaviour/crowd': 'its point is the number of connections',
  'net/datagram/allocation': 'its point is the number of datagrams',
  'net/connection/allocation': 'its point is the number of messages',
};
/** The same for one-byte. */
const EXCLUDED_CUT = {
  'net/datagram/*': 'datagrams are not cut',
  'net/socket/multicast': 'datagrams are not cut',
  'net/connection/zero-copy.numbers': 'numbers the sends of a buffer by hand',
  'net/relay/stall': 'its point is what is in full buffers: a packet for each byte',
  'net/relay/ending': 'its point is what is in full buffers: a packet for each byte',
  'net/connection/close': 'its point is what leaves inside one call',
  'flow/kept-memory': 'its point is what leaves inside one call',
  'net/realms': 'its point is what leaves inside one call',
  'net/connection/snapshot': 'its point is what is in full buffers',
  'net/connection/unread': 'its point is what is in full buffers',
};
/** The same for interrupted. */
const BY_HAND = 'calls by hand what returns EINTR to its caller';
const EXCLUDED_INTERRUPTED = {
  'flow/idle-timer': BY_HAND,
  'flow/kept-memory': BY_HAND,
  'net/realms': BY_HAND,
  'net/listen/path': BY_HAND,
  'net/connect/resolvers': BY_HAND,
  'net/connection/close': BY_HAND,
  'net/connection/data': BY_HAND,
  'net/connection/group': BY_HAND,
  'net/datagram/close': BY_HAND,
  'net/relay/ending': BY_HAND,
  'net/datagram/errors': BY_HAND,
  'net/datagram/descriptor-passing': BY_HAND,
  'net/connection/file-range': BY_HAND,
  'net/relay/input': BY_HAND,
  'net/socket/descriptor-passing': BY_HAND,
  'net/connection/zero-copy.numbers': BY_HAND,
  'net/relay/stall': 'fills buffers by hand until nothing moves',
  'net/connection/snapshot': BY_HAND,
};
const VITEST = [process.execPath, join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run'];
const NET = [
  'test/net',
  'test/pipe',
  'test/process',
  'test/behaviour/crowd',
  'test/behaviour/exhaustion',
  'test/behaviour/injected',
  'test/behaviour/peers',
  'test/behaviour/pitfalls',
  'test/behaviour/spinning',
  'test/flow',
];
const UPPER = ['test/promises', 'test/stream', 'test/node-net', 'test/interop'];

class NotRunError extends Error {}

function needs(command, ...args) {
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined) throw new NotRunError(`${command} cannot be run: ${error.code}`);
  if (status !== 0) throw new NotRunError(`${command} fails: ${stderr.trim()}`);
}

/** Runs the tests of `folders` but `left`, with `prefix` before the command. */
function runSuite(folder, prefix, folders, left, env) {
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const excluded = [];
  for (const [name, reason] of Object.entries(left)) {
    console.log(`  left out: ${name}: ${reason}`);
    excluded.push('--exclude', `test/${name}.test.ts`);
  }
  const [command, ...args] = [...prefix, ...VITEST, ...folders, ...reporters, ...excluded];
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, EDGEWISE_TEST_ISOLATED: '1', ...env },
    maxBuffer: 1 << 28,
  });
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  const { numPassedTests: passed = 0, numFailedTests = 0 } = counts;
  // A crash, or a file that does not load, fails the run without a failed test.
  const failed = status === 0 && passed > 0 ? numFailedTests : Math.max(numFailedTests, 1);
  if (failed > 0) process.stderr.write(`${stdout}${stderr}`);
  return { passed, failed };
}

const PROBE = `
  import * as sys from './dist/sys/index.js';
  const { AF_UNIX, SOCK_STREAM } = sys.constants;
  const fds = new Int32Array(2);
  sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  const sent = sys.send(fds[0], Buffer.from('two')) + sys.writev(fds[0], [Buffer.from('two')]);
  console.log(sent, sys.recv(fds[1], Buffer.alloc(9)), sys.read(fds[1], Buffer.alloc(9)));`;

function oneByte(folder) {
  const library = join(folder, 'one_byte.so');
  needs('gcc', '--version');
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];
  execFileSync('gcc', [...flags, '-o', library, join(ROOT, 'test/faults/one_byte.c'), '-ldl']);
  const env = { LD_PRELOAD: library, EDGEWISE_TEST_CUT: '1' };
  const probe = ['--input-type=module', '--eval', PROBE];
  const moved = execFileSync(process.execPath, probe, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (moved !== '2 1 1\n') throw new Error(`transfers are not cut: ${moved}`);
  return runSuite(folder, [], [...NET, ...UPPER], { ...EXCLUDED, ...EXCLUDED_CUT }, env);
}

function interrupted(folder) {
  const trace = join(folder, 'trace');
  needs('strace', '-qq', '-o', '/dev/null', 'true');
  const calls = INTERRUPTED.join(',');
  const rules = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=EINTR:when=2+3`];
  const strace = ['strace', '-f', '--seccomp-bpf', '-qq', '-o', trace, ...rules];
  const result = runSuite(folder, strace, NET, { ...EXCLUDED, ...EXCLUDED_INTERRUPTED });
  const lines = readFileSync(trace, 'latin1').split('\n');
  const injected = lines.filter((line) => line.endsWith('(INJECTED)'));
  for (const call of INTERRUPTED) {
    const count = injected.filter((line) => line.includes(` ${call}`)).length;
    console.log(`  ${call}: ${count} times EINTR`);
    if (count >= INJECTIONS_MIN) continue;
    console.log(`  ${call} was hardly interrupted`);
    result.failed++;
  }
  return result;
}

const MODES = { 'one-byte': oneByte, interrupted };
const asked = process.argv.slice(2);
const sum = { passed: 0, failed: 0 };
for (const [name, run] of Object.entries(MODES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'test-faults-'));
  const startMs = performance.now();
  try {
    if (process.platform !== 'linux') throw new NotRunError('Linux only');
    const { passed, failed } = run(folder);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(`${name}: ${passed} passed, ${failed} failed (${seconds} s)`);
    sum.passed += passed;
    sum.failed += failed;
  } catch (error) {
    if (!(error instanceof NotRunError)) throw error;
    console.log(`${name}: NOT RUN: ${error.message}`);
    if (process.env.CI !== undefined) sum.failed++;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 ? 0 : 1);
