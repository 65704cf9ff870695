// What the parts of check-package.mjs share: a folder for all that they make, programs that must
// succeed, and a list of checks that run side by side.
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

export const folder = mkdtempSync(join(tmpdir(), 'check-package-'));
export const bin = (name) => resolve('node_modules', '.bin', name);
const sum = { passed: 0, failed: 0 };

/** The environment without what would choose another addon; `node`: first on the PATH. */
export function environment({ node, ...more } = {}) {
  const { EDGEWISE_ADDON: _, EDGEWISE_SIM: __, ...env } = process.env;
  if (node !== undefined) env.PATH = `${node}${delimiter}${env.PATH}`;
  return { ...env, ...more };
}

/** Runs a program to its end, whatever that is. */
export function execute(command, args, options = {}) {
  const all = { encoding: 'utf8', env: environment(), maxBuffer: 1 << 26, ...options };
  return new Promise((settle) => {
    const child = execFile(command, args, all, (error, stdout, stderr) => {
      settle({ isPassed: error === null, code: error?.code ?? 0, stdout, stderr, error });
    });
    child.stdin.end();
  });
}

/** @returns what it has printed. @throws Error - it has failed; with what it has printed. */
export async function run(command, args, options) {
  const { isPassed, stdout, stderr, error } = await execute(command, args, options);
  if (isPassed) return stdout;
  throw new Error(`${command} ${args.join(' ')} failed: ${error.message}\n${stdout}${stderr}`);
}

export function expect(isTrue, message) {
  if (!isTrue) throw new Error(message);
}

/** Runs a check; prints its title with what it returns, if that is text. */
export async function check(title, body) {
  const startMs = performance.now();
  try {
    const note = await body();
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    console.log(`ok      ${title}${note === undefined ? '' : `: ${note}`} (${seconds} s)`);
    sum.passed += 1;
  } catch (error) {
    console.log(`FAILED  ${title}\n${error.stack}`);
    sum.failed += 1;
  }
}

/** Runs checks that do not need each other, as many at once as there are CPUs. */
export async function checkAll(checks) {
  const queue = [...checks];
  async function work() {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await check(...next);
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** Prints the sum. @returns the exit code. */
export function finish() {
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 ? 0 : 1;
}
