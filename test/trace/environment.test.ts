// EDGEWISE_TRACE: programs that are traced as they are.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decodeTrace, eventsOf, Kind } from '../../src/trace/index.ts';

const INDEX = new URL('../../dist/index.js', import.meta.url).href;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trace-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const program = (body: string) => `import { Reactor } from '${INDEX}'; ${body}`;

function run(body: string, value: string): string {
  const env = { ...process.env, EDGEWISE_TRACE: value };
  return execFileSync(process.execPath, ['--input-type=module', '-e', program(body)], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const streamsOf = (name: string) => decodeTrace(readFileSync(join(folder, name))).streams;

it('every reactor is traced, also one that is closed, and the file is written at the end', () => {
  const body = `
    for (let i = 0; i < 2; i++) {
      const reactor = new Reactor();
      reactor.defer(() => undefined);
      reactor.turn(0);
      reactor.close();
    }`;
  run(body, `${join(folder, 'all')},timed`);
  const streams = streamsOf('all');
  expect(streams.map(({ level, thread }) => [level, thread])).toEqual([
    ['timed', 0],
    ['timed', 0],
  ]);
  for (const stream of streams) {
    expect([...eventsOf(stream)].map(({ kind }) => kind)).toEqual([Kind.WaitEnd, Kind.Deferred]);
  }
});

it('threads and child processes have files of their own', () => {
  const child = program('new Reactor().close();');
  const body = `
    import { execFileSync } from 'node:child_process';
    import { Worker } from 'node:worker_threads';
    new Reactor().close();
    execFileSync(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(child)}]);
    new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(child)})));`;
  run(body, join(folder, 'all'));
  const names = readdirSync(folder).map((name) => name.replace(/\d+$/, 'N'));
  expect(names.sort()).toEqual(['all', 'all.process-N', 'all.thread-N']);
});

it('a file that cannot be written is one line, and the program ends as it does', () => {
  const env = { ...process.env, EDGEWISE_TRACE: join(folder, 'none', 'all') };
  const args = [
    '--input-type=module',
    '-e',
    program('new Reactor().close(); process.exitCode = 3;'),
  ];
  try {
    execFileSync(process.execPath, args, { env, encoding: 'utf8', stdio: 'pipe' });
    expect.unreachable();
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string };
    expect(status).toBe(3);
    expect(stderr).toMatch(/^edgewise: no trace: .*ENOENT.*\n$/);
  }
});

it.runIf(process.platform !== 'win32')(
  'SIGUSR2 has it written while the program runs',
  async () => {
    const path = join(folder, 'now');
    const body = `
    const reactor = new Reactor();
    reactor.setInterval(() => undefined, 1);
    reactor.attach();
    process.stdout.write('ready');`;
    const env = { ...process.env, EDGEWISE_TRACE: path };
    const child: ChildProcess = spawn(
      process.execPath,
      ['--input-type=module', '-e', program(body)],
      { env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    child.kill('SIGUSR2');
    while (!readdirSync(folder).includes('now')) await new Promise(setImmediate);
    expect(streamsOf('now')).toHaveLength(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
  },
);
