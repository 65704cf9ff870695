// EDGEWISE_TRACE of a program with threads: one file, which the main thread writes.
import { expect, it } from 'vitest';
import { eventsOf, Kind, Role } from '../../src/trace/index.ts';
import { built, kindsOf, program, useTracedPrograms } from './traced.ts';

const traced = useTracedPrograms();

/** A program that starts threads of `thread` by `start()`. */
const threaded = (thread: string, body: string) => `
  import { once } from 'node:events';
  import { Worker } from 'node:worker_threads';
  const source = ${JSON.stringify(program(thread))};
  const start = () => new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)));
  ${body}`;

it('has a stream for each reactor of each thread', () => {
  const thread = `
    new Reactor().close();
    const reactor = new Reactor();
    reactor.defer(() => undefined);
    reactor.turn(0);`;
  const main = program(`
    new Reactor().close();
    await Promise.all([once(start(), 'exit'), once(start(), 'exit')]);`);
  traced.run(threaded(thread, main), traced.path('all'));
  expect(traced.names()).toEqual(['all']);
  const streams = traced.streamsOf('all');
  expect(streams.map(({ thread: number }) => number > 0)).toEqual([false, true, true, true, true]);
  expect(new Set(streams.map(({ thread: number }) => number)).size).toBe(3);
  const deferred = streams.filter((stream) => kindsOf(stream).includes(Kind.Deferred));
  expect(deferred).toHaveLength(2);
});

it.each(['', 'await thread.terminate();'])(
  'has what a thread recorded that blocks in a handler; %s',
  (end) => {
    const thread = `
      import { parentPort } from 'node:worker_threads';
      const reactor = new Reactor();
      reactor.defer(() => {
        parentPort.postMessage('blocks');
        for (;;);
      });
      reactor.turn(0);`;
    const main = program(`
      const thread = start();
      await once(thread, 'message');
      ${end}
      process.exit();`);
    traced.run(threaded(thread, main), traced.path('all'));
    expect(traced.streamsOf('all').map(kindsOf)).toEqual([[Kind.WaitEnd, Kind.Deferred]]);
  },
);

it('has the threads of a pool, of which each serves connections', () => {
  const source = `
    import { connect } from '${built('index.js')}';
    import { ReactorPool } from '${built('multi/index.js')}';
    const module = new URL('${new URL('../multi/workers/sub-echo.mjs', import.meta.url).href}');
    const pool = new ReactorPool({ size: 2, module, host: '127.0.0.1', port: 0 });
    await pool.start();
    let answers = 0;
    const handlers = {
      open: (client) => client.write('hello'),
      data(client) {
        client.end();
        if (++answers === 4) void pool.close({ timeoutMs: 0 });
      },
    };
    for (let i = 0; i < 4; i++) connect({ host: '127.0.0.1', port: pool.port, handlers });`;
  traced.run(source, traced.path('pool'));
  expect(traced.names()).toEqual(['pool']);
  const streams = traced.streamsOf('pool');
  expect(new Set(streams.map(({ thread }) => thread)).size).toBe(3);
  for (const stream of streams) {
    const roles = [...eventsOf(stream)].filter(({ kind }) => kind === Kind.Role);
    expect(roles.map(({ a }) => a)).toContain(Role.Connection);
  }
});

it('is written by the thread when the main one does not load this package', () => {
  traced.run(threaded('new Reactor().close();', 'start();'), traced.path('all'));
  expect(traced.names().map((name) => name.replace(/\d+$/, 'N'))).toEqual(['all.thread-N']);
});
