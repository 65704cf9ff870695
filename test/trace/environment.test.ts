// EDGEWISE_TRACE: programs that are traced as they are.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { BLOCK_LENGTH, Kind } from '../../src/trace/index.ts';
import { kindsOf, program, useTracedPrograms } from './traced.ts';

const traced = useTracedPrograms();

it('every reactor is traced, also one that is closed, and the file is written at the end', () => {
  const source = program(`
    for (let i = 0; i < 2; i++) {
      const reactor = new Reactor();
      reactor.defer(() => undefined);
      reactor.turn(0);
      reactor.close();
    }`);
  traced.run(source, `${traced.path('all')},timed`);
  const streams = traced.streamsOf('all');
  expect(streams.map(({ level, thread }) => [level, thread])).toEqual([
    ['timed', 0],
    ['timed', 0],
  ]);
  for (const stream of streams) {
    expect(kindsOf(stream)).toEqual([Kind.WaitEnd, Kind.Deferred, Kind.WaitBegin]);
  }
});

it('a program without a reactor writes none', () => {
  traced.run(program(''), traced.path('all'));
  expect(traced.names()).toEqual([]);
});

it('child processes have files of their own', () => {
  const child = program('new Reactor().close();');
  const source = program(`
    import { execFileSync } from 'node:child_process';
    new Reactor().close();
    execFileSync(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(child)}]);`);
  traced.run(source, traced.path('all'));
  const names = traced.names().map((name) => name.replace(/\d+$/, 'N'));
  expect(names).toEqual(['all', 'all.process-N']);
});

it('a file that cannot be written is one line, and the program ends as it does', () => {
  const source = program('new Reactor().close(); process.exitCode = 3;');
  const { status, stderr } = traced.run(source, traced.path('none/all'));
  expect(status).toBe(3);
  expect(stderr).toMatch(/^edgewise: no trace: .*ENOENT.*\n$/);
});

it('SIGUSR2 has it written while the program runs', async () => {
  const source = program(`
    const reactor = new Reactor();
    reactor.setInterval(() => undefined, 1);
    reactor.attach();
    process.stdout.write('ready');`);
  const child = traced.start(source, traced.path('now'));
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  child.kill('SIGUSR2');
  while (!traced.names().includes('now')) await new Promise(setImmediate);
  expect(traced.streamsOf('now')).toHaveLength(1);
  child.kill('SIGKILL');
  await once(child, 'exit');
});

describe('what it may say', () => {
  it.each(['counts', 'events', 'timed', 'calls', 'probe'])('the level %s', (level) => {
    traced.run(program('new Reactor().turn(0);'), `${traced.path('all')},${level}`);
    expect(traced.streamsOf('all').map((stream) => stream.level)).toEqual([level]);
  });

  it('how much is kept: the blocks that reach into the last seconds', () => {
    const source = program(`
      const reactor = new Reactor();
      for (let i = 0; i < 3000; i++) {
        reactor.defer(() => undefined);
        reactor.turn(0);
      }
      const end = performance.now() + 50;
      while (performance.now() < end);
      reactor.turn(0);`);
    traced.run(source, `${traced.path('last')},timed,last=0.05`);
    traced.run(source, `${traced.path('all')},last=600,timed`);
    const [last] = traced.streamsOf('last');
    const [all] = traced.streamsOf('all');
    expect(all?.blocks.map(({ length }) => length)).toEqual([BLOCK_LENGTH, BLOCK_LENGTH, 810]);
    expect(last?.blocks.map(({ length }) => length)).toEqual([810]);
    expect([all?.dropped, last?.dropped]).toEqual([0, 2 * BLOCK_LENGTH]);
  });

  it.each([',timed', 'FILE,all', 'FILE,last=0', 'FILE,last=', 'FILE,last=1e3', 'FILE,timed,'])(
    '%s is one line, and the program goes on untraced',
    (value) => {
      const source = program("new Reactor().close(); console.log('done');");
      const { status, stdout, stderr } = traced.run(
        source,
        value.replace('FILE', traced.path('all')),
      );
      expect([status, stdout]).toEqual([0, 'done\n']);
      expect(stderr).toMatch(/^edgewise: EDGEWISE_TRACE: .*\n$/);
      expect(traced.names()).toEqual([]);
    },
  );
});
