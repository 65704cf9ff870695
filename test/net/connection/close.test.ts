// close, destroy and disposal of a connection: in order with a time limit, or at once.
import { describe, expect, it } from 'vitest';
import { adoptConnection } from '../../../src/net/inherit/adopt.ts';
import * as sys from '../../../src/sys/index.ts';
import { volume } from '../../helpers/cuts.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { receiveAvailable } from '../driven.ts';
import { attachedReactor } from '../joined.ts';
import { Recorder } from '../recorder.ts';

const LONG = Buffer.alloc(volume(1 << 20), 'x');

describe.each(['level', 'edge'] as const)('%s: a connection', (trigger) => {
  const descriptors = useDescriptors();

  async function opened() {
    const { reactor } = attachedReactor(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const { handlers } = recorder;
    adoptConnection(descriptors.release(ours), { handlers, reactor, trigger, allowHalfOpen: true });
    return { connection: await recorder.opened(), theirs, recorder, reactor };
  }

  it('close: all that was written leaves, and it is closed when the peer has ended too', async () => {
    const { connection, theirs, recorder } = await opened();
    connection.write('last words');
    connection.close();
    expect(connection).toMatchObject({ isClosed: false, isWriteEnded: true });
    expect(receiveAvailable(theirs).toString()).toBe('last words');
    expect(sys.recv(theirs, Buffer.alloc(1))).toBe(0);
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    await recorder.called('close');
    expect(recorder.errors).toEqual([undefined]);
  });

  it('close with 0: what the kernel takes leaves, and it is closed at once', async () => {
    const { connection, theirs, recorder } = await opened();
    connection.cork();
    connection.write('held back');
    connection.uncork();
    connection.write(LONG);
    connection.close({ timeoutMs: 0 });
    expect(connection).toMatchObject({ isClosed: true, fd: -1 });
    expect(recorder.count('close')).toBe(0); // not inside the call
    const received = receiveAvailable(theirs);
    expect(received.subarray(0, 9).toString()).toBe('held back');
    await recorder.called('close');
    expect(recorder.errors).toEqual([undefined]);
  });

  it('close again sets another time limit', async () => {
    const { connection, recorder } = await opened();
    connection.close();
    connection.close({ timeoutMs: 1 });
    await recorder.called('close');
    connection.close({ timeoutMs: 1 });
    expect(recorder.errors).toEqual([undefined]);
  });

  it('close without a limit, as `await using` calls it, leaves the earlier limit', async () => {
    const { connection, recorder, reactor } = await opened();
    let isLate = false;
    reactor.setTimeout(() => (isLate = true), 10_000).unref();
    connection.close({ timeoutMs: 1 });
    await connection[Symbol.asyncDispose]();
    expect([isLate, recorder.errors]).toEqual([false, [undefined]]);
  });

  it.each([-1, 0.5, Number.NaN, '1', 2 ** 31])('close refuses a time of %s', async (timeoutMs) => {
    const { connection } = await opened();
    expect(() => connection.close({ timeoutMs: timeoutMs as number })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_(OUT_OF_RANGE|INVALID_ARG)/) }),
    );
    expect(connection.isWriteEnded).toBe(false);
    connection.destroy();
  });

  it('Symbol.dispose closes at once', async () => {
    const { connection, recorder } = await opened();
    connection[Symbol.dispose]();
    expect(connection.isClosed).toBe(true);
    await recorder.called('close');
  });

  it('Symbol.asyncDispose closes in order, and resolves after the close handler', async () => {
    const { connection, theirs, recorder } = await opened();
    connection.write('last words');
    const disposed = [connection[Symbol.asyncDispose](), connection[Symbol.asyncDispose]()];
    expect(receiveAvailable(theirs).toString()).toBe('last words');
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    await Promise.all(disposed);
    expect(recorder.count('close')).toBe(1);
    await connection[Symbol.asyncDispose]();
  });

  it('keeps the reactor alive as long as hasRef says', async () => {
    const { connection, reactor } = await opened();
    expect(connection.hasRef()).toBe(true);
    expect(connection.unref().hasRef()).toBe(false);
    reactor.detach();
    await reactor.run(); // resolves only if nothing is referenced
    expect(connection.ref().hasRef()).toBe(true);
    connection.destroy();
  });

  it('close with 0: what was corked leaves, and the end behind it', async () => {
    const { connection, theirs } = await opened();
    connection.cork();
    connection.write('held back');
    connection.close({ timeoutMs: 0 });
    expect(connection.isClosed).toBe(true);
    expect(receiveAvailable(theirs).toString()).toBe('held back');
    expect(sys.recv(theirs, Buffer.alloc(1))).toBe(0);
  });

  it('close with 0: a long list leaves, whatever the budget', async () => {
    const { connection, theirs } = await opened();
    connection.write(Array.from({ length: 2000 }, () => Buffer.from('x')));
    connection.close({ timeoutMs: 0 });
    expect(receiveAvailable(theirs)).toHaveLength(2000);
  });

  it('close while the reactor closes is close with 0', async () => {
    const { connection, theirs, recorder, reactor } = await opened();
    let disposed: Promise<void> | undefined;
    const close = () => {
      connection.write(Array.from({ length: 2000 }, () => Buffer.from('x')));
      disposed = connection[Symbol.asyncDispose]();
    };
    reactor.dependents.add({ close });
    const others = [...reactor.dependents].filter((dependent) => dependent.close !== close);
    for (const other of others) {
      reactor.dependents.delete(other); // it comes first
      reactor.dependents.add(other);
    }
    reactor.close();
    await disposed;
    expect(receiveAvailable(theirs)).toHaveLength(2000);
    expect(recorder.errors).toEqual([undefined]);
  });

  it('close of one that is unref’d does not keep the reactor alive until the time limit', async () => {
    const { connection, reactor } = await opened();
    connection.unref().close({ timeoutMs: 60_000 });
    reactor.detach();
    await reactor.run();
    expect(connection.isClosed).toBe(false);
    connection.destroy();
  });

  it('close of a paused one reads the end of the peer', async () => {
    const { connection, theirs, recorder } = await opened();
    connection.pause();
    connection.close({ timeoutMs: 60_000 });
    must(sys.send(theirs, Buffer.from('late')));
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    await recorder.called('close');
    expect(recorder.errors).toEqual([undefined]);
    expect(recorder.received.toString()).toBe('late');
  });

  it('Symbol.asyncDispose of one that was destroyed in this turn waits for its close handler', async () => {
    const { connection, recorder } = await opened();
    connection.destroy();
    await connection[Symbol.asyncDispose]();
    expect(recorder.count('close')).toBe(1);
    await connection[Symbol.asyncDispose]();
  });
});
