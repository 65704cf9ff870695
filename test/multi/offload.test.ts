// Work out of the loop: answers come in a turn, errors are typed, and the loop goes on meanwhile.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { listen, Reactor } from '../../src/index.ts';
import { createOffload, type Offload, type OffloadTaskOptions } from '../../src/multi.ts';

const MODULE = new URL('../workers/offload-task.mjs', import.meta.url);
const opened: { offload: Offload; reactor: Reactor }[] = [];

async function open(queueMax = 4) {
  const reactor = new Reactor();
  reactor.attach();
  const offload = await createOffload({ reactor, module: MODULE, threads: 1, queueMax });
  opened.push({ offload, reactor });
  return { reactor, offload };
}

function ask(offload: Offload, input: object, options?: OffloadTaskOptions) {
  return new Promise<{ error: Error | undefined; result: unknown }>((resolve) => {
    offload.run(input, (error, result) => resolve({ error, result }), options);
  });
}

afterEach(async () => {
  for (const { offload, reactor } of opened.splice(0)) {
    await offload.close();
    reactor.close();
  }
});

test('connections are served while a task blocks, and its answer is written when it comes', async () => {
  const { reactor, offload } = await open();
  const cells = new SharedArrayBuffer(8);
  const data = (
    connection: { write(bytes: Uint8Array | string): unknown; isClosed: boolean },
    bytes: Uint8Array,
  ) => {
    if (String(bytes) !== 'block') return void connection.write(bytes);
    const onAnswer = (_error: unknown, result: unknown) => connection.write(String(result));
    offload.run({ kind: 'block', cells, value: 'done' }, onAnswer, { connection });
  };
  const server = listen({ reactor, host: '127.0.0.1', port: 0, handlers: { data } } as never);
  const { port } = (server as unknown as { address: { port: number } }).address;
  const [asker, other] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  asker.write('block');
  other.write('hello');
  expect(String((await once(other, 'data'))[0])).toBe('hello');
  expect(offload.stats.answered).toBe(0);
  Atomics.store(new Int32Array(cells), 1, 1);
  Atomics.notify(new Int32Array(cells), 1);
  expect(String((await once(asker, 'data'))[0])).toBe('done');
  asker.destroy();
  other.destroy();
});

test('what a task throws arrives as the cause', async () => {
  const { offload } = await open();
  const { error } = await ask(offload, { kind: 'throw' });
  expect(error).toMatchObject({ code: 'ERR_OFFLOAD_FAILED', cause: { message: 'too much' } });
});

test('a signal gives a task up that blocks, and the next one is answered', async () => {
  const { offload } = await open();
  const controller = new AbortController();
  const input = { kind: 'block', cells: new SharedArrayBuffer(8) };
  const blocked = ask(offload, input, { signal: controller.signal });
  controller.abort('enough');
  const { error } = await blocked;
  expect(error).toMatchObject({ code: 'ERR_OFFLOAD_ABORTED', cause: 'enough' });
  expect(await ask(offload, { value: 7 })).toEqual({ error: undefined, result: 7 });
});

test('more than the queue takes is refused, and nothing is lost', async () => {
  const { offload } = await open(1);
  const answers = [ask(offload, { value: 1 }), ask(offload, { value: 2 })];
  expect(offload.hasRoom).toBe(false);
  expect(() => offload.run({}, () => undefined)).toThrow(
    expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED' }),
  );
  expect((await Promise.all(answers)).map(({ result }) => result)).toEqual([1, 2]);
});

test('the answer for a connection that has closed is dropped and counted', async () => {
  const { offload } = await open();
  const onAnswer = () => expect.fail('it was closed');
  offload.run({ value: 1 }, onAnswer, { connection: { isClosed: true } });
  await ask(offload, { value: 2 });
  expect(offload.stats).toEqual({ pending: 0, answered: 1, dropped: 1 });
});

test('after close there is ERR_CLOSED', async () => {
  const { offload } = await open();
  await offload.close();
  expect(() => offload.run({}, () => undefined)).toThrow(
    expect.objectContaining({ code: 'ERR_CLOSED' }),
  );
});
