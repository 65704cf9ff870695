// A disk that is full, as a limit of the size of files: one line, and nothing half-written.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Reactor } from '../../src/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const INDEX = new URL('../../dist/index.js', import.meta.url).href;
const descriptors = useDescriptors();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgewise-full-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Node, where a file may have 512 or 1,024 bytes, as the shell counts. */
function onFullDisk(...args: string[]) {
  const command = 'cd "$0" && ulimit -f 1 && exec "$@"';
  const all = ['-c', command, folder, process.execPath, ...args];
  const { status, stdout, stderr } = spawnSync('sh', all, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** A trace whose exports are too long. */
function traceOfMarks(): string {
  const reactor = descriptors.using(new Reactor());
  const trace = reactor.trace();
  for (let i = 0; i < 200; i++) trace.mark(`mark ${i}`);
  trace.write(join(folder, 'a.edgetrace'));
  return 'a.edgetrace';
}

it.each(['--output', '--perfetto', '--chrome'])('view %s: what was there stays', (option) => {
  const name = traceOfMarks();
  writeFileSync(join(folder, 'out'), 'older');
  const ended = onFullDisk(MAIN, 'view', name, option, 'out');
  const stderr = 'edgewise: out cannot be written: EFBIG\n';
  expect(ended).toEqual({ status: 1, stdout: '', stderr });
  expect(readdirSync(folder).sort()).toEqual(['a.edgetrace', 'out']);
  expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('older');
});

it('trace: the script ends as it does', () => {
  const body = `import { Reactor } from '${INDEX}';
    const trace = new Reactor();
    for (let i = 0; i < 5000; i++) trace.defer(() => undefined), trace.turn(0);
    process.exitCode = 5;`;
  writeFileSync(join(folder, 'a.mjs'), body);
  const { status, stderr } = onFullDisk(MAIN, 'trace', 'a.mjs');
  expect(status).toBe(5);
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^edgewise: no trace: \w+ EFBIG /),
    expect.stringMatching(/^edgewise: a\.mjs has left no trace/),
    '',
  ]);
  expect(readdirSync(folder)).toEqual(['a.mjs']);
});

it('a device is written to as it is, and not replaced', () => {
  const name = traceOfMarks();
  const command = 'cd "$0" && "$@" | cat';
  const view = [process.execPath, MAIN, 'view', name, '--chrome', '/dev/stdout'];
  const ended = spawnSync('sh', ['-c', command, folder, ...view], { encoding: 'utf8' });
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toContain('mark 199');
});
