// Threads of an Offload that fail, end or are given up, and inputs that no thread gets: it is the
// task in question that fails, once, and those behind it are done.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ask, useOffloads } from './offloading.ts';

const GIVEN_UP = fileURLToPath(new URL('./workers/offload-given-up.mjs', import.meta.url));
const FAILING = fileURLToPath(new URL('./workers/offload-failing.mjs', import.meta.url));
const DEADLINE_MS = 60_000;
const offloads = useOffloads();

function run(program: string, ...args: readonly string[]) {
  const options = { encoding: 'utf8', timeout: DEADLINE_MS } as const;
  return spawnSync(process.execPath, [program, ...args], options);
}

describe('tasks that wait', () => {
  it('are done when the one before them cannot be sent', async () => {
    const { offload } = await offloads.open();
    const gate = offloads.gate();
    const first = ask(offload, { kind: 'block', cells: gate.cells, value: 1 });
    const unsendable = ask(offload, { value: () => undefined });
    const waiting = ask(offload, { value: 3 });
    gate.release();
    expect((await first).result).toBe(1);
    expect((await unsendable).error).toMatchObject({ cause: { name: 'DataCloneError' } });
    expect((await waiting).result).toBe(3);
    expect((await ask(offload, { value: 4 })).result).toBe(4);
  });

  it('are not given to the thread of one that is given up when it has just been done', () => {
    const stdout = 'the task was given up by its signal\na new one\n';
    expect(run(GIVEN_UP)).toMatchObject({ status: 0, stdout, stderr: '' });
  });

  it('are done by a new thread after one that failed', async () => {
    const { offload } = await offloads.open();
    const gate = offloads.gate();
    const failing = ask(offload, { kind: 'fail later', cells: gate.cells });
    const unsendable = ask(offload, { value: () => undefined });
    const waiting = ask(offload, { value: 3 });
    expect((await failing).error).toMatchObject({ cause: { message: 'later' } });
    expect((await unsendable).error).toMatchObject({ cause: { name: 'DataCloneError' } });
    expect((await waiting).result).toBe(3);
  });
});

describe('a task that fails', () => {
  it('with null has failed', async () => {
    const { offload } = await offloads.open();
    const { error } = await ask(offload, { kind: 'throw null' });
    expect(error).toMatchObject({ code: 'ERR_OFFLOAD_FAILED' });
    expect(error?.message).toContain('null');
  });

  it.each([
    ['an exit that it has imported', 'imported exit', 'exit code 4'],
    ['a result that cannot be sent', 'function', 'the task failed'],
  ])('by %s: its thread is replaced', async (_, kind, text) => {
    const { offload } = await offloads.open();
    const { result: before } = await ask(offload, { kind: 'thread' });
    const { error } = await ask(offload, { kind });
    expect(error).toMatchObject({ code: 'ERR_OFFLOAD_FAILED' });
    expect(error?.message).toContain(text);
    const { result: after } = await ask(offload, { kind: 'thread' });
    expect(after).toEqual(expect.any(Number));
    expect(after).not.toBe(before);
  });
});

describe('a thread that fails outside of its task', () => {
  it.each([
    ['reported', 'ERR_OFFLOAD_FAILED: later\nclosed\n'],
    ['closing', 'closed\n'],
  ])('prints nothing, and harms no other: %s', (kind, stdout) => {
    expect(run(FAILING, kind)).toMatchObject({ status: 0, stdout, stderr: '' });
  });
});
