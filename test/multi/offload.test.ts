// Work out of the loop: answers come in a turn, errors are typed, and the loop goes on meanwhile.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Reactor } from '../../src/index.ts';
import { createOffload } from '../../src/multi/index.ts';
import { listen } from '../../src/net/listen/listen.ts';
import { Recorder } from '../net/recorder.ts';
import { ask, MODULE, useOffloads } from './offloading.ts';

const PENDING = fileURLToPath(new URL('./workers/offload-pending.mjs', import.meta.url));
const DEADLINE_MS = 60_000;
const offloads = useOffloads();
const clients: Socket[] = [];

async function connectTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

const codeOf = (code: string) => expect.objectContaining({ code });

afterEach(async () => {
  for (const socket of clients.splice(0)) {
    if (!socket.closed) await once(socket.destroy(), 'close');
  }
});

describe('a connection that asks', () => {
  async function serve() {
    const { reactor, offload } = await offloads.open();
    const gate = offloads.gate();
    const server = new Recorder({
      data: (connection, bytes) => {
        if (String(bytes) !== 'block') return void connection.write(bytes);
        const input = { kind: 'block', cells: gate.cells, value: 'done' };
        offload.run(input, { connection }, (_, result) => connection.write(String(result)));
      },
    });
    const { port } = listen({ reactor, host: '127.0.0.1', handlers: server.handlers });
    const asker = await connectTo(port);
    asker.write('block');
    await gate.untilBegun();
    return { offload, gate, server, port, asker };
  }

  it('is answered when the task is done, and others are served meanwhile', async () => {
    const { offload, gate, port, asker } = await serve();
    const other = await connectTo(port);
    other.write('hello');
    expect(String((await once(other, 'data'))[0])).toBe('hello');
    expect(offload.stats).toEqual({ pending: 1, answered: 0, dropped: 0 });
    gate.release();
    expect(String((await once(asker, 'data'))[0])).toBe('done');
    expect(offload.stats).toEqual({ pending: 0, answered: 1, dropped: 0 });
  });

  it('and has closed meanwhile: its answer is dropped and counted', async () => {
    const { offload, gate, server, asker } = await serve();
    asker.resetAndDestroy();
    await server.called('close');
    gate.release();
    expect(await ask(offload, { value: 7 })).toEqual({ error: undefined, result: 7 });
    expect(offload.stats).toEqual({ pending: 0, answered: 1, dropped: 1 });
  });
});

describe('a turn of the reactor', () => {
  it('delivers all answers that are there, and what they write corked leaves at once', async () => {
    const { reactor, offload } = await offloads.open({ isAttached: false });
    const server = new Recorder();
    const { port } = listen({ reactor, host: '127.0.0.1', handlers: server.handlers });
    await connectTo(port);
    while (server.connections.length === 0) reactor.turn(DEADLINE_MS);
    const connection = await server.opened();
    const onAnswer = (_: unknown, result: unknown) => {
      connection.cork();
      connection.write(String(result));
    };
    const gate = offloads.gate();
    for (const value of ['one', 'two']) offload.run({ value }, onAnswer);
    offload.run({ kind: 'block', cells: gate.cells }, () => undefined);
    await gate.untilBegun(); // so the thread has done the others, and Node's loop knows
    await nextLoopPass();
    expect([offload.stats.answered, connection.bytesWritten]).toEqual([0, 0]);
    const before = connection.tcpInfo()?.segmentsSent ?? 0;
    reactor.turn(0);
    expect([offload.stats.answered, connection.bytesWritten]).toEqual([2, 6]);
    if (process.platform !== 'linux') return;
    expect((connection.tcpInfo()?.segmentsSent ?? 0) - before).toBe(1);
  });

  it('goes on after a callback that throws, and the error reaches the reactor', async () => {
    const { offload, errors } = await offloads.open();
    const mine = new Error('mine');
    offload.run({}, () => {
      throw mine;
    });
    expect((await ask(offload, { value: 2 })).result).toBe(2);
    expect(errors).toEqual([mine]);
    expect(offload.stats).toEqual({ pending: 0, answered: 2, dropped: 0 });
  });

  it('comes while a task is pending: the process ends after the answer, and by itself', () => {
    const options = { encoding: 'utf8', timeout: DEADLINE_MS } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [PENDING], options);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe('answered\nran, 0 pending\n');
  });
});

describe('a task that fails', () => {
  it.each([
    ['throws', 'throw', 'too much'],
    ['ends its thread', 'exit', 'its thread has ended with exit code 3'],
  ])(
    '%s: ERR_OFFLOAD_FAILED with the cause, and the next is answered',
    async (_, kind, message) => {
      const { offload } = await offloads.open();
      const { error } = await ask(offload, { kind });
      expect(error).toMatchObject({ code: 'ERR_OFFLOAD_FAILED', cause: { message } });
      expect((await ask(offload, { value: 3 })).result).toBe(3);
    },
  );

  it('has no module: ERR_OFFLOAD_FAILED with the cause', async () => {
    const { offload } = await offloads.open({ module: '/nowhere.mjs' });
    const { error } = await ask(offload, {});
    expect(error).toMatchObject({ code: 'ERR_OFFLOAD_FAILED' });
    expect(String(error?.cause)).toContain('/nowhere.mjs'); // structured clone keeps no code
  });

  it('cannot be sent: ERR_OFFLOAD_FAILED with the cause', async () => {
    const { offload } = await offloads.open();
    const { error } = await ask(offload, { value: () => undefined });
    expect(error).toMatchObject({ code: 'ERR_OFFLOAD_FAILED', cause: { name: 'DataCloneError' } });
  });
});

describe('a signal', () => {
  it('gives up a task that runs: its thread is replaced, and the next is answered', async () => {
    const { offload } = await offloads.open();
    const { result: before } = await ask(offload, { kind: 'thread' });
    const controller = new AbortController();
    const gate = offloads.gate();
    const input = { kind: 'block', cells: gate.cells };
    const blocked = ask(offload, input, { signal: controller.signal });
    await gate.untilBegun();
    controller.abort('enough');
    expect((await blocked).error).toMatchObject({ code: 'ERR_OFFLOAD_ABORTED', cause: 'enough' });
    const { result: after } = await ask(offload, { kind: 'thread' });
    expect(after).toEqual(expect.any(Number));
    expect(after).not.toBe(before);
  });

  it('gives up a task that waits, and leaves the thread alone', async () => {
    const { offload } = await offloads.open();
    const { result: before } = await ask(offload, { kind: 'thread' });
    const gate = offloads.gate();
    const first = ask(offload, { kind: 'block', cells: gate.cells, value: 1 });
    const controller = new AbortController();
    const second = ask(offload, { value: 2 }, { signal: controller.signal });
    controller.abort();
    expect((await second).error).toMatchObject({ code: 'ERR_OFFLOAD_ABORTED' });
    gate.release();
    expect((await first).result).toBe(1);
    expect((await ask(offload, { kind: 'thread' })).result).toBe(before);
  });
});

describe('limits and ends', () => {
  it.each([0, 1])(
    'refuses more than a queue of %d takes, and loses nothing',
    async (queueLengthMax) => {
      const { offload } = await offloads.open({ queueLengthMax });
      const values = [0, 1].slice(0, queueLengthMax + 1);
      const answers = values.map((value) => ask(offload, { value }));
      expect(offload.hasRoom).toBe(false);
      expect(() => offload.run({}, () => undefined)).toThrow(codeOf('ERR_LIMIT_EXCEEDED'));
      expect((await Promise.all(answers)).map(({ result }) => result)).toEqual(values);
      expect(offload.hasRoom).toBe(true);
    },
  );

  it.each(['the pool', 'the reactor'])(
    'drops what is pending when %s is ended at once',
    async (what) => {
      const { reactor, offload } = await offloads.open();
      const gate = offloads.gate();
      const onAnswer = () => expect.fail('it was closed');
      offload.run({ kind: 'block', cells: gate.cells }, onAnswer);
      await gate.untilBegun();
      if (what === 'the reactor') reactor.close();
      else offload.destroy();
      expect([offload.isClosed, offload.hasRoom]).toEqual([true, false]);
      expect(offload.stats).toEqual({ pending: 0, answered: 0, dropped: 1 });
      expect(() => offload.run({}, onAnswer)).toThrow(codeOf('ERR_CLOSED'));
    },
  );

  it('is not made for a reactor that is closed', async () => {
    const reactor = new Reactor();
    reactor.close();
    const made = createOffload({ reactor, module: MODULE });
    await expect(made).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});
