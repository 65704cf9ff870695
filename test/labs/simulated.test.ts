// What a student reads of a simulated check: lab 1 with programs that fail in every way.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { Failure } from '../../labs/src/result.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { grade, labs } = (await import(
  `${ROOT}labs/dist/src/index.js`
)) as typeof import('../../labs/src/index.ts');
const starter = readFileSync(join(ROOT, 'labs/dist/js/01-bytes/bytes.js'), 'utf8');
const WRITES = 'return sys.write(fd, bytes);';

const folder = mkdtempSync(join(tmpdir(), 'edgewise-simulated-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(ROOT, join(folder, 'node_modules/edgewise'));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of check 1.1, with other text in the starter. */
async function failureWith(before: string, after: string): Promise<Failure> {
  const [lab] = labs;
  if (lab === undefined || !starter.includes(before)) throw new Error(`no ${before}`);
  writeFileSync(join(folder, 'bytes.js'), starter.replace(before, after));
  const { checks } = await grade(lab, { folder, only: ['1.1'], seed: 3 });
  const [{ failure } = {}] = checks;
  if (failure === undefined) throw new Error('1.1 passes');
  for (const text of Object.values(failure)) expect(text).not.toMatch(/\{\w+\}/);
  return failure;
}

test('an exception: its message, the line of the student, then the calls', async () => {
  const failure = await failureWith(WRITES, 'return sys.wirte(fd, bytes);');
  expect(failure).toMatchObject({ cause: 'crashed in a check' });
  expect(failure.got).toMatch(
    /^TypeError: sys\.wirte is not a function\n {4}at writeAll \(bytes\.js:\d+:\d+\)\n\nits calls:\n +0\.0 ms {2}socket: descriptor \d+\n/,
  );
  expect(failure.again).toBeUndefined();
});

test('a function that is not exported', async () => {
  const failure = await failureWith('export function writeAll', 'function writeAll');
  expect(failure).toMatchObject({
    cause: 'not exported',
    why: 'The check calls writeAll of bytes.js, and there is none.',
  });
});

test('what cannot be read', async () => {
  const failure = await failureWith(WRITES, 'return = 1;');
  expect(failure).toMatchObject({ cause: 'does not compile' });
  expect(failure.got).toMatch(/bytes\.js:\d+\n.*return = 1;\n +\^\nSyntaxError: /);
});

test('an endless loop waits in no call', async () => {
  expect(await failureWith(WRITES, 'for (;;);')).toMatchObject({
    cause: 'endless loop',
    why: expect.stringMatching(/^It has used 3 s of CPU/),
  });
});

test('what it prints is shown, and the command that makes the run again', async () => {
  const failure = await failureWith(
    WRITES,
    'console.log(bytes.length); console.error("on error"); return sys.write(fd, bytes);',
  );
  expect(failure.got).toMatch(/\n\nit printed last:\n(?: {2}(?:20000|on error)\n)+\nits calls, /);
  expect(failure.got).not.toMatch(/verdict|unkind choice/);
  expect(failure.again).toMatch(
    /^EDGEWISE_SIM='[^']+' npx edgewise lab check 1 \S+ --only 1\.1 --seed 3$/,
  );
});
