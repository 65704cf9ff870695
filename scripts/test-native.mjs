// Builds the native test executable with CMake and runs it: plain, under AddressSanitizer with
// UndefinedBehaviorSanitizer, and under ThreadSanitizer; over libkqueue where it is installed.
// Arguments choose variants: plain, asan, tsan, valgrind (which only runs when it is named).
// The last line is the sum over all of them; exit code 1 when a test or a build failed.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const RUN_LIMIT_MS = 300_000; // a lost wake-up shows as a hang
const VARIANTS = {
  plain: { folder: 'plain', sanitize: '', prefix: [] },
  asan: { folder: 'asan', sanitize: 'address,undefined', prefix: [] },
  tsan: { folder: 'tsan', sanitize: 'thread', prefix: [] },
  valgrind: {
    folder: 'plain',
    sanitize: '',
    prefix: ['valgrind', '--quiet', '--error-exitcode=9', '--leak-check=full', '--fair-sched=yes'],
  },
};
const SANITIZER_ENV = {
  ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
};

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  return { ok: result.status === 0, text: `${result.stdout ?? ''}${result.stderr ?? ''}`, result };
}

/** Configures and builds; returns the folder and whether a libkqueue was found. */
function build({ folder, sanitize }) {
  const out = join('build-native', folder);
  mkdirSync(out, { recursive: true });
  const configured = run('cmake', [
    '-S',
    '.',
    '-B',
    out,
    `-DEDGEWISE_SANITIZE=${sanitize}`,
    '-DCMAKE_BUILD_TYPE=RelWithDebInfo',
    ...(process.env.EDGEWISE_LIBKQUEUE
      ? [`-DEDGEWISE_LIBKQUEUE=${process.env.EDGEWISE_LIBKQUEUE}`]
      : []),
  ]);
  if (!configured.ok) return { ok: false, text: configured.text };
  const hasLibkqueue = /edgewise-kqueue-test: yes/.test(configured.text);
  const targets = ['edgewise-native-test', ...(hasLibkqueue ? ['edgewise-kqueue-test'] : [])];
  const built = run('cmake', [
    '--build',
    out,
    '--parallel',
    String(availableParallelism()),
    '--target',
    ...targets,
  ]);
  return { ok: built.ok, text: built.text, out, targets, hasLibkqueue };
}

/** Runs one executable, prints what it printed, and returns what its last line counts. */
function runTests(label, prefix, executable) {
  const [command, ...args] = [...prefix, executable];
  const env = { ...process.env, ...SANITIZER_ENV };
  const { ok, text, result } = run(command, args, { env, timeout: RUN_LIMIT_MS });
  const [, passed = '0', failed = '0'] = /^(\d+) passed, (\d+) failed$/m.exec(text) ?? [];
  process.stdout.write(`${label}: ${ok ? '' : 'FAILED, '}${passed} passed, ${failed} failed\n`);
  if (!ok) process.stdout.write(`${text}${result.error ?? result.signal ?? ''}\n`);
  // A crash or a sanitizer's report fails without a failed test: it counts as one.
  return { passed: Number(passed), failed: Math.max(Number(failed), ok ? 0 : 1) };
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in VARIANTS));
if (unknown.length > 0) {
  console.error(`native: no variant ${unknown.join(', ')}; there are: ${Object.keys(VARIANTS)}`);
  process.exit(2);
}
const sum = { passed: 0, failed: 0 };
let hasLibkqueue = false;
for (const name of names.length > 0 ? names : ['plain', 'asan', 'tsan']) {
  const built = build(VARIANTS[name]);
  if (!built.ok) {
    console.log(`${name}: the build failed\n${built.text}`);
    sum.failed += 1;
    continue;
  }
  hasLibkqueue ||= built.hasLibkqueue;
  for (const target of built.targets) {
    // The library's own thread is not made for ThreadSanitizer and leaks by design: plain only.
    if (target === 'edgewise-kqueue-test' && name !== 'plain') continue;
    const label = target === 'edgewise-kqueue-test' ? `${name}, libkqueue` : name;
    const { passed, failed } = runTests(label, VARIANTS[name].prefix, join(built.out, target));
    sum.passed += passed;
    sum.failed += failed;
  }
}
if (!hasLibkqueue) {
  console.log('libkqueue: skipped, not installed (EDGEWISE_LIBKQUEUE=prefix names one)');
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);
