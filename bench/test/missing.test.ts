// On a machine that has neither compilers nor a network, nor anything in its cache, the run goes on
// with those that are there, and each of the others says why it is missing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contenders } from '../src/contenders/index.ts';
import { endTools, run } from '../src/contenders/run.ts';

const { PATH, EDGEWISE_CACHE } = process.env;
const empty = mkdtempSync(join(tmpdir(), 'edgewise-empty-'));

beforeAll(() => {
  Object.assign(process.env, { PATH: empty, EDGEWISE_CACHE: join(empty, 'cache') });
});

afterAll(() => {
  process.env.PATH = PATH;
  if (EDGEWISE_CACHE === undefined) delete process.env.EDGEWISE_CACHE;
  else process.env.EDGEWISE_CACHE = EDGEWISE_CACHE;
  rmSync(empty, { recursive: true });
});

// What needs nothing but the Node.js that runs this, and the library.
const isHere = (name: string) =>
  /^(edgewise(?!-node|-bun|-deno)|example-)|^node(-onread)?$/.test(name);

describe('without compilers, a network and a cache', () => {
  it.each(contenders.filter(({ name }) => isHere(name)))('$name is there', async ({ locate }) => {
    expect(await locate()).toHaveProperty('version');
  });

  it.each(contenders.filter(({ name }) => !isHere(name)))('$name is missing', async (contender) => {
    const found = await contender.locate();
    expect(found).toHaveProperty('reason', expect.stringMatching(/^\S.*$/));
    expect(found).toHaveProperty('install', expect.stringMatching(/^\S.*$/));
  });

  it.each([
    ['c', /^cc is not installed$/, 'apt-get install gcc libc6-dev'],
    ['asio', /^c\+\+ is not installed$/, 'apt-get install g++ libasio-dev'],
    ['tokio', /^cargo is not installed$/, 'apt-get install cargo librust-tokio-dev'],
    ['go', /^go is not installed$/, 'apt-get install golang-go'],
  ])('%s says that %s', async (name, reason, install) => {
    const found = await contenders.find((one) => one.name === name)?.locate();
    expect(found).toEqual({ reason: expect.stringMatching(reason), install });
  });
});

describe('a tool', () => {
  const node = (script: string, timeoutMs = 60_000) =>
    run(process.execPath, ['-e', script], { timeoutMs });

  it('that hangs is ended, with what it has started', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });`;
    // It resolves on 'close', for which the grandchild's end of the pipe must be closed too.
    await expect(node(script, 500)).rejects.toThrow('node took longer than 0.5 s');
  });

  it('that fails is reported by the line that has the error', async () => {
    const script = `console.error('first\\nprogram.c:1: error: no uv.h\\nlast'); process.exit(1)`;
    await expect(node(script)).rejects.toThrow('node: program.c:1: error: no uv.h');
  });

  it('is ended when the run is interrupted', async () => {
    const hanging = node('setInterval(() => {}, 1000)');
    setTimeout(endTools, 100);
    await expect(hanging).rejects.toThrow('node: exit code null');
  });

  it('gives what it prints', async () => {
    expect(await node(`console.log('as it is')`)).toBe('as it is\n');
  });
});
