// What a connection takes along to another thread, and when it cannot go; between two reactors of one
// thread here. Between threads: test/multi/handover.test.ts.
import { closeSync, openSync } from 'node:fs';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { Connection } from '../../../src/net/connection/connection.ts';
import { groupOf } from '../../../src/net/connection/options.ts';
import { adoptConnection } from '../../../src/net/inherit/adopt.ts';
import { relay } from '../../../src/net/relay/relay.ts';
import * as sys from '../../../src/sys/index.ts';
import { sendWhole, volume } from '../../helpers/cuts.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { attachedReactor } from '../joined.ts';
import { codeOf, Recorder } from '../recorder.ts';
import { isOffered } from './zero-copy-world.ts';

const MEGABYTE = volume(1 << 20);
const LONG = Buffer.alloc(MEGABYTE, 'x');
const PASSES_MAX = 1_000_000;

/** Reads so many bytes, while the other end sends them in turns of its reactor. */
async function readAll(fd: number, bytes: number): Promise<string> {
  const room = Buffer.alloc(bytes);
  let length = 0;
  for (let pass = 0; length < bytes && pass < PASSES_MAX; pass++) {
    length += Math.max(sys.recv(fd, room.subarray(length)), 0);
    await nextLoopPass();
  }
  return room.toString('utf8', 0, length);
}

describe.each(['level', 'edge'] as const)('%s: hand-over', (trigger) => {
  const descriptors = useDescriptors();

  async function opened(isUnix = true, reactor = attachedReactor(descriptors).reactor) {
    const [ours, theirs] = isUnix ? descriptors.socketpair() : descriptors.tcpPair();
    const recorder = new Recorder();
    const { handlers } = recorder;
    adoptConnection(descriptors.release(ours), { handlers, reactor, trigger, allowHalfOpen: true });
    return { connection: await recorder.opened(), theirs, recorder };
  }

  /** Establishes elsewhere what was packed. */
  function arrive(snapshot: ReturnType<Connection['detach']>, recorder: Recorder, isHalf = true) {
    const { reactor } = attachedReactor(descriptors);
    const { handlers } = recorder;
    const group = groupOf({ handlers, reactor, trigger, allowHalfOpen: isHalf }, true);
    const connection = new Connection(group);
    connection.restore(snapshot);
    group.connections.add(connection);
    connection.establish(snapshot.fd, () => undefined);
    return connection;
  }

  function stays(connection: Connection, code = 'ERR_HANDOVER_FAILED'): void {
    const { fd, writableLength } = connection;
    expect(() => connection.detach()).toThrow(expect.objectContaining({ code }));
    expect([connection.fd, connection.writableLength]).toEqual([fd, writableLength]);
    expect(connection.isHandedOver).toBe(false);
  }

  it('takes unsent bytes, the pause, the wish for a drain, and the counts along', async () => {
    const { connection, theirs, recorder } = await opened();
    sendWhole(theirs, Buffer.from('first'));
    await recorder.called('data');
    connection.pause();
    sendWhole(theirs, Buffer.from('second'));
    expect(connection.write(LONG)).toBe(false);
    const { writableLength, bytesWritten } = connection;
    expect(writableLength).toBeGreaterThan(0);
    const snapshot = connection.detach();
    expect(connection).toMatchObject({ isClosed: true, isHandedOver: true, fd: -1 });
    const there = new Recorder();
    const arrived = arrive(snapshot, there);
    expect(arrived).toMatchObject({ isPaused: true, writableLength, bytesWritten, bytesRead: 5 });
    expect(await readAll(theirs, MEGABYTE)).toHaveLength(MEGABYTE);
    await there.called('drain');
    expect(there.events).toEqual(['drain']);
    arrived.resume();
    await there.receivedAll(6);
    expect(arrived).toMatchObject({ bytesRead: 11, bytesWritten: MEGABYTE });
    expect(recorder.events).toEqual(['open', 'data']);
  });

  it('takes ended sides along, each in its state', async () => {
    const { connection, theirs, recorder } = await opened();
    connection.write(LONG);
    connection.end();
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    await recorder.called('end');
    const there = new Recorder();
    const arrived = arrive(connection.detach(), there);
    expect(arrived).toMatchObject({ isReadEnded: true, isWriteEnded: true });
    expect(() => arrived.write('more')).toThrow(
      expect.objectContaining({ code: 'ERR_WRITE_AFTER_END' }),
    );
    expect(await readAll(theirs, MEGABYTE)).toHaveLength(MEGABYTE);
    await there.called('close');
    expect(there.events).toEqual(['close']); // the end was told where it came
    expect(sys.recv(theirs, Buffer.alloc(1))).toBe(0);
  });

  it('from the `end` handler: our side ends there, as it would have here', async () => {
    const [ours, theirs] = descriptors.socketpair();
    const { reactor } = attachedReactor(descriptors);
    const there = new Recorder();
    const here = new Recorder({ end: (connection) => arrive(connection.detach(), there, false) });
    const { handlers } = here;
    adoptConnection(descriptors.release(ours), { handlers, reactor, trigger });
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    await there.called('close');
    expect([here.events, there.events]).toEqual([['open', 'end'], ['close']]);
  });

  it('what is corked leaves there', async () => {
    const { connection, theirs } = await opened();
    connection.cork();
    connection.write('corked');
    arrive(connection.detach(), new Recorder());
    expect(await readAll(theirs, 6)).toBe('corked');
  });

  it('a peer that has gone meanwhile is told there', async () => {
    const { connection, theirs } = await opened();
    connection.write(LONG);
    const snapshot = connection.detach();
    descriptors.close(theirs);
    const there = new Recorder();
    arrive(snapshot, there);
    await there.called('close');
    expect(codeOf(there.errors[0])).toMatch(/EPIPE|ECONNRESET/);
  });

  it('one that cannot be watched there is closed with the error', async () => {
    const { connection } = await opened();
    const snapshot = connection.detach();
    must(sys.close(snapshot.fd));
    const there = new Recorder();
    arrive({ ...snapshot, fd: -1 }, there);
    await there.called('close');
    expect(there.events).toEqual(['close']);
    expect(there.errors[0]).toBeInstanceOf(Error);
  });

  it('stays while it connects', async () => {
    const { address } = descriptors.listener();
    const { reactor } = attachedReactor(descriptors);
    const recorder = new Recorder();
    const { handlers } = recorder;
    const where = { host: address.address as string, port: address.port as number };
    const connection = connect({ ...where, handlers, reactor, trigger });
    stays(connection);
    await recorder.called('open');
    connection.destroy();
    await recorder.called('close');
  });

  it('stays with descriptors to send, and goes when they have left', async () => {
    const { connection, theirs } = await opened();
    connection.write(LONG);
    expect(connection.writeDescriptors('d', [theirs])).toBe(false);
    stays(connection);
    expect(await readAll(theirs, MEGABYTE + 1)).toHaveLength(MEGABYTE + 1);
    arrive(connection.detach(), new Recorder()).write('there');
    expect(await readAll(theirs, 5)).toBe('there');
  });

  it('stays with a file to send', async () => {
    const { connection } = await opened();
    const file = openSync(fileURLToPath(import.meta.url), 'r');
    connection.write(LONG);
    connection.sendFile(file);
    stays(connection);
    connection.destroy();
    closeSync(file);
  });

  it('stays with memory that was detached since it was written', async () => {
    const { connection } = await opened();
    const bytes = new Uint8Array(MEGABYTE);
    connection.write(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    stays(connection);
    connection.destroy();
  });

  it('stays while it is relayed, or closes gracefully', async () => {
    const a = await opened();
    const b = await opened(true, a.connection.reactor);
    descriptors.using(relay(a.connection, b.connection));
    stays(a.connection);
    const { connection } = await opened();
    connection.close({ timeoutMs: 60_000 });
    stays(connection);
    connection.destroy();
  });

  it.runIf(isOffered)('stays while the kernel holds its memory', async () => {
    const { connection, theirs, recorder } = await opened(false);
    let isDone = false;
    connection.writeZeroCopy(Buffer.alloc(MEGABYTE), () => {
      isDone = true;
    });
    expect(isDone).toBe(false);
    stays(connection);
    connection.destroy();
    descriptors.close(theirs);
    await recorder.called('close');
  });

  it('does not go when it is closed, or twice', async () => {
    const { connection } = await opened();
    const arrived = arrive(connection.detach(), new Recorder());
    expect(() => connection.detach()).toThrow(expect.objectContaining({ code: 'ERR_HANDED_OVER' }));
    expect(() => connection.write('x')).toThrow(
      expect.objectContaining({ code: 'ERR_HANDED_OVER' }),
    );
    arrived.destroy();
    expect(() => arrived.detach()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });
});
