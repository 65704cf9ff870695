// The examples of sources that are no sockets, run as a user runs them; see examples.test.ts.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Ending, ExampleProcess } from '../helpers/example-process.ts';

const LAUNCHER = new URL('../../scripts/example.mjs', import.meta.url).pathname;
const isLinux = process.platform === 'linux';
const running: ExampleProcess[] = [];

function start(name: string, args: string[] = [], input?: string | number): ExampleProcess {
  const example = new ExampleProcess(name, args, input);
  running.push(example);
  return example;
}

function expectCleanEnd({ code, stderr }: Ending): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

function hasTerminal(): boolean {
  const isThere = spawnSync('script', ['--version']).status === 0; // macOS has one that differs
  if (!isThere) console.log('skipped: no script(1) of util-linux, so no terminal to try');
  return isThere;
}

afterEach(() => {
  for (const example of running.splice(0)) example.kill();
});

describe('stdin', () => {
  test('numbers lines, the last without a newline too', async () => {
    const ending = await start('stdin', [], 'first\nsecond\nthird').ending();
    expectCleanEnd(ending);
    expect(ending.lines).toEqual(['     1  first', '     2  second', '     3  third']);
  });

  test('says what to do with a regular file', async () => {
    const file = openSync(new URL(import.meta.url), 'r');
    const ending = start('stdin', [], file).ending();
    closeSync(file);
    const { code, stderr } = await ending;
    expect(code).toBe(1);
    expect(stderr).toContain('node:fs');
  });
});

describe.runIf(hasTerminal())('tty', () => {
  test('shows keys, and leaves the terminal as it was', async () => {
    const program = 'before=$(stty -g); "$0" "$1" tty; test "$before" = "$(stty -g)" && echo same';
    const command = `sh -c '${program}' '${process.execPath}' '${LAUNCHER}'`;
    const terminal = spawn('script', ['-qec', command, '/dev/null']);
    const closed = once(terminal, 'close');
    let said = '';
    terminal.stdout.on('data', (chunk) => {
      if (said === '') terminal.stdin.write('x\u001b[Aq'); // it has said that it is ready
      said += chunk;
    });
    expect(await closed, said).toEqual([0, null]);
    const lines = said.split('\r\n').filter((line) => line !== '');
    expect([lines[0], ...lines.slice(-2)]).toEqual(['press keys, q to end', 'bye', 'same']);
    const keys = lines.slice(1, -2).map((line) => JSON.parse(line));
    expect(keys.join('')).toBe('x\u001b[Aq');
  });

  test('needs a terminal', async () => {
    const { code, stderr } = await start('tty', [], '').ending();
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'standard input is no terminal\n' });
  });
});

test.runIf(isLinux)('eventfd: a counter is one read, a semaphore one for each', async () => {
  const ending = await start('eventfd').ending();
  expectCleanEnd(ending);
  expect([...ending.lines].sort()).toEqual([
    'counter: 3 in one read, 3 in all',
    'counter: 3 in one read, 6 in all',
    'semaphore: none left',
    'semaphore: took 1',
    'semaphore: took 1',
  ]);
});

test.runIf(isLinux)('timerfd: loses no tick', async () => {
  const ending = await start('timerfd').ending();
  expectCleanEnd(ending);
  const counts = ending.lines.slice(0, -1).map((line) => Number.parseInt(line, 10) || 1);
  const sum = counts.reduce((all, one) => all + one, 0);
  expect(ending.lines.at(-1)).toBe(`${sum} ticks, none lost`);
  expect(Math.max(...counts)).toBeGreaterThanOrEqual(3); // the handler was busy for 35 ms
});

test.runIf(isLinux)('inotify: reports what happened in its own folder', async () => {
  const ending = await start('inotify').ending();
  expectCleanEnd(ending);
  expect(ending.lines.slice(1).map((line) => line.trim().split(/ +/).slice(0, 2))).toEqual([
    ['IN_CREATE', 'draft'],
    ['IN_CLOSE_WRITE', 'draft'],
    ['IN_MOVED_FROM', 'draft'],
    ['IN_MOVED_TO', 'final'],
    ['IN_DELETE', 'final'],
    ['IN_DELETE_SELF'],
    ['IN_IGNORED'],
  ]);
});

test.runIf(isLinux)('inotify: goes on with a folder until Ctrl-C', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-example-'));
  const example = start('inotify', [folder]);
  await example.line(/^watching /);
  writeFileSync(join(folder, 'ä'), '');
  await example.line(/^IN_CREATE +ä$/);
  expectCleanEnd(await example.end());
  rmSync(folder, { recursive: true });
});

test('pidfd: says how each command ended, and so does Node', async () => {
  const ending = await start('pidfd').ending();
  expectCleanEnd(ending);
  const commands = ['exit 0', 'exit 3', 'kill -TERM $$', 'exec sleep 1000'];
  const said = (name: string) => ending.lines.filter((line) => line.startsWith(name)).sort();
  expect(said('Node')).toEqual(
    ['0', '3', 'SIGTERM', 'SIGKILL']
      .map((how, index) => `Node:   ${commands[index]}: ${how}`)
      .sort(),
  );
  expect(said('reactor').map((line) => line.split(': ')[1])).toEqual([...commands].sort());
  expect(said('reactor')[2]).toMatch(/exited with 3|the status is unknown/);
});
