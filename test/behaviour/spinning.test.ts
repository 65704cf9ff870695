// States in which there is nothing to do, and in which level-triggered epoll has much to say: the
// reactor must not wake up for them. Each is held for two seconds by a process of its own, and its
// waits are counted twice: by itself (`reactor.stats`), and from outside by strace, where it is.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noStraceReason, straced } from '../helpers/strace.ts';

const SCRIPT = fileURLToPath(new URL('../workers/idle-state.mjs', import.meta.url));
const IDLE_MS = 2000;
const WAITS_MAX = 10;
const WAITS = ['epoll_wait', 'epoll_pwait', 'epoll_pwait2'];

interface Idled {
  /** Waits of the reactor meanwhile, by its own count. */
  readonly waits: number;
  /** What handlers were called for, before and meanwhile. */
  readonly calls: readonly string[];
}

type State = [state: string, calls: readonly string[], waitsMax: number];
const STATES: readonly State[] = [
  ['an end that is not read', [], WAITS_MAX],
  ['an end that was read', ['end'], WAITS_MAX],
  ['a hang-up while paused', [], WAITS_MAX],
  ['an error while paused', ['ECONNRESET'], WAITS_MAX],
  ['an error that is pending', ['error', 'close'], WAITS_MAX],
  ['a full write buffer', [], WAITS_MAX],
  ['a paused reader with data waiting', [], WAITS_MAX],
  ['a duplicate of a connection that was closed', ['close'], WAITS_MAX],
  ['a duplicate of a connection that was closed behind our back', ['EBADF'], WAITS_MAX],
  ['a listener at its descriptor limit', [], (3 * IDLE_MS) / 100], // it looks again each 100 ms
];

/** The waits of the thread with the reactor between the marks that the script writes. */
function countTraced(file: string): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = (mark: string) => lines.findIndex((line) => line.includes(`"${mark}\\n"`));
  const [from, to] = [at('IDLE'), at('OVER')];
  expect(from).toBeGreaterThan(0);
  expect(to).toBeGreaterThan(from);
  return lines.slice(from, to).filter((line) => /epoll_(p?wait2?)\(/.test(line)).length;
}

describe.each(['level', 'edge'] as const)('%s: nothing spins', (trigger) => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgewise-idle-'));
    if (noStraceReason !== undefined) console.log(`not counted from outside: ${noStraceReason}`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.concurrent.each<State>(STATES)('%s', async (state, calls, waitsMax) => {
    const file = join(folder, state.replaceAll(' ', '-'));
    const node = [process.execPath, SCRIPT, state, trigger, String(IDLE_MS)];
    const [command = '', ...args] =
      noStraceReason === undefined ? ['strace', ...straced(file, [...WAITS, 'write'], node)] : node;
    const { stdout } = await promisify(execFile)(command, args);
    const idled: Idled = JSON.parse(stdout);
    expect(idled.calls).toEqual(calls);
    expect(idled.waits).toBeLessThanOrEqual(waitsMax);
    if (noStraceReason === undefined) expect(countTraced(file)).toBeLessThanOrEqual(waitsMax);
  });
});
