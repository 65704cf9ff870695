// writeZeroCopy over real sockets: bytes, order, completions, and where there is no such thing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import type { Connection } from '../../../src/net/connection/connection.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { volume } from '../../helpers/cuts.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';
import { Done, MEGABYTE, pattern, paused, zeroCopyWorld } from './zero-copy-world.ts';

const HOST = '127.0.0.1';

describe.each(['level', 'edge'] as const)('%s: zero-copy writes', (trigger) => {
  const descriptors = useDescriptors();
  const { startReactor, start, expectQuiet } = zeroCopyWorld(descriptors, trigger);

  it('keep their place among the writes, and are done once each', async () => {
    const { reactor, connection, server } = await start();
    const done = new Done();
    const parts = [
      pattern(volume(100_000)),
      pattern(volume(300_000), 1),
      pattern(MEGABYTE, 2),
    ] as const;
    connection.write('first');
    connection.writeZeroCopy(parts[0], done.callback);
    connection.write('between');
    connection.writeZeroCopy(parts[1], done.callback);
    connection.writeZeroCopy(parts[2], done.callback);
    connection.writeZeroCopy(new Uint8Array(0), done.callback);
    expect(done.errors).toEqual([]); // never inside the call
    await done.called(4);
    expectQuiet(reactor);
    connection.end('last');
    await server.called('close');
    const sent = ['first', parts[0], 'between', parts[1], parts[2], 'last'];
    expect(server.received.equals(Buffer.concat(sent.map((one) => Buffer.from(one))))).toBe(true);
    expect(done.errors).toEqual([undefined, undefined, undefined, undefined]);
    expect(done.copied.filter((wasCopied) => wasCopied)).toHaveLength(3); // loopback copies
  });

  it('a peer that reads late: sent in parts, done once', async () => {
    const { connection, server, peer } = await start(paused());
    const done = new Done();
    const bytes = pattern(16 * MEGABYTE);
    expect(connection.writeZeroCopy(bytes, done.callback)).toBe(false);
    expect(connection.writableLength).toBeGreaterThan(0);
    peer.resume();
    await done.called();
    connection.end();
    await server.called('close');
    expect(server.received.equals(bytes)).toBe(true);
    expect(done.errors).toEqual([undefined]);
  });

  it('memory that is used again when it is done never shows up early', async () => {
    const { connection, server } = await start();
    const rounds = 40;
    const sizes = volume(200_000);
    const buffers = [Buffer.alloc(sizes), Buffer.alloc(sizes)];
    let round = 0;
    let doneCount = 0;
    const next = (buffer: Buffer) => {
      if (round === rounds) return;
      buffer.fill(round++);
      connection.writeZeroCopy(buffer, () => {
        doneCount++;
        next(buffer);
        if (doneCount === rounds) connection.end();
      });
    };
    buffers.forEach(next);
    await server.called('close');
    const expected = Buffer.concat([...Array(rounds).keys()].map((i) => Buffer.alloc(sizes, i)));
    expect(server.received.equals(expected)).toBe(true);
    expect(doneCount).toBe(rounds);
  });

  it('a paused connection hears of its completions, again and again', async () => {
    const { reactor, connection, server } = await start();
    connection.pause();
    for (let round = 1; round <= 3; round++) {
      const done = new Done();
      connection.writeZeroCopy(pattern(volume(50_000)), done.callback);
      await done.called();
      expectQuiet(reactor);
    }
    connection.resume();
    connection.end();
    await server.called('close');
    expect(server.received).toHaveLength(3 * volume(50_000));
  });

  it('a Unix socket: an ordinary write, told as copied', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'edgewise-zero-copy-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const { connection, server } = await start(new Recorder(), join(directory, 'socket'));
    const done = new Done();
    const bytes = pattern(MEGABYTE);
    connection.writeZeroCopy(bytes, done.callback);
    await done.called();
    connection.end();
    await server.called('close');
    expect(server.received.equals(bytes)).toBe(true);
    expect(done).toMatchObject({ errors: [undefined], copied: [true] });
  });

  it('before it is connected: sent then, or done with the error', async () => {
    const server = descriptors.using(new Recorder());
    const reactor = startReactor();
    const listener = descriptors.using(
      listen({ host: HOST, trigger, handlers: server.handlers, reactor }),
    );
    const client = descriptors.using(new Recorder());
    const to = { host: HOST, port: listener.port, trigger, handlers: client.handlers, reactor };
    const done = new Done();
    const connection = connect(to);
    connection.writeZeroCopy(pattern(volume(50_000)), done.callback);
    connection.end();
    await server.called('close');
    await done.called();
    expect(server.received.equals(pattern(volume(50_000)))).toBe(true);
    listener.close();
    const refused = new Done();
    connect(to).writeZeroCopy(pattern(5), refused.callback);
    await refused.called();
    expect(refused.errors).toEqual(['ECONNREFUSED']);
  });

  it('a callback that throws is told to the reactor, and stops no other', async () => {
    const { reactor, connection } = await start();
    const done = new Done();
    reactor.detach();
    connection.writeZeroCopy(pattern(volume(20_000)), () => {
      throw new Error('from onDone');
    });
    connection.writeZeroCopy(pattern(volume(20_000)), done.callback);
    let thrown = 0;
    for (let turn = 0; turn < 100 && done.errors.length === 0; turn++) {
      try {
        reactor.turn(1000);
      } catch (error) {
        thrown++;
        expect((error as Error).message).toBe('from onDone');
      }
    }
    expect(done.errors).toEqual([undefined]);
    expect(thrown).toBe(1);
    reactor.attach();
  });

  it('wrong arguments and wrong moments throw, and nothing is called', async () => {
    const { connection } = await start();
    const done = new Done();
    const thrownBy = (call: (connection: Connection) => unknown) => {
      try {
        return call(connection);
      } catch (error) {
        return codeOf(error);
      }
    };
    const wrongType = 'ERR_INVALID_ARG_TYPE';
    expect(thrownBy((one) => one.writeZeroCopy('text' as never, done.callback))).toBe(wrongType);
    expect(thrownBy((one) => one.writeZeroCopy(Buffer.alloc(1), 5 as never))).toBe(wrongType);
    connection.end();
    const write = (one: Connection) => one.writeZeroCopy(Buffer.alloc(1), done.callback);
    expect(thrownBy(write)).toBe('ERR_WRITE_AFTER_END');
    connection.destroy();
    expect(thrownBy(write)).toBe('ERR_CLOSED');
    expect(done.errors).toEqual([]);
  });
});
