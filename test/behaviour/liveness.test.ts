// What keeps a reactor alive: connections by the rule that they were given, and in any case what
// waits to be sent, as in libuv.
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/net/connect/connect.ts';
import type { ConnectionOptions } from '../../src/net/connection/index.ts';
import { adoptConnection } from '../../src/net/inherit/adopt.ts';
import { relay } from '../../src/net/relay/relay.ts';
import { openReader } from '../../src/pipe/reader.ts';
import { openWriter } from '../../src/pipe/writer.ts';
import { connect as connectAwaited } from '../../src/promises/connect.ts';
import { listen } from '../../src/promises/listener.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { fill } from '../helpers/handlers.ts';
import { receiveAvailable } from '../net/driven.ts';
import { Recorder } from '../net/recorder.ts';

const HOST = '127.0.0.1';
const LONG = Buffer.alloc(8 << 20, 'x');

// Whether something is left that it would wait for.
async function isAlive(reactor: Reactor): Promise<boolean> {
  let hasEnded = false;
  const running = reactor.run().then(() => {
    hasEnded = true;
  });
  for (let pass = 0; pass < 5; pass++) await nextLoopPass();
  const wasAlive = !hasEnded;
  reactor.stop();
  await running;
  return wasAlive;
}

// Reads all that comes, until nothing is left to be sent.
async function takeAll(fd: number, isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    receiveAvailable(fd);
    await nextLoopPass();
  }
}

describe.each(['level', 'edge'] as const)('%s: a reactor is kept alive', (trigger) => {
  const descriptors = useDescriptors();

  async function opened(options: Partial<ConnectionOptions> = {}) {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    adoptConnection(descriptors.release(ours), {
      handlers: recorder.handlers,
      reactor,
      trigger,
      allowHalfOpen: true,
      ...options,
    });
    return { connection: await recorder.opened(), theirs, reactor, recorder };
  }

  it('by an open connection, paused or not, unless unref', async () => {
    const { connection, theirs, reactor } = await opened();
    expect(await isAlive(reactor)).toBe(true);
    connection.pause();
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    expect(await isAlive(reactor)).toBe(true);
    connection.unref();
    expect([await isAlive(reactor), connection.hasRef()]).toEqual([false, false]);
    connection.ref();
    expect(await isAlive(reactor)).toBe(true);
    connection.destroy();
    expect(await isAlive(reactor)).toBe(false);
  });

  it('keepsAlive active: by a connection while it reads', async () => {
    const { connection, theirs, reactor, recorder } = await opened({ keepsAlive: 'active' });
    expect(await isAlive(reactor)).toBe(true);
    connection.pause();
    expect([await isAlive(reactor), connection.hasRef()]).toEqual([false, true]);
    connection.resume();
    expect(await isAlive(reactor)).toBe(true);
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    reactor.attach();
    await recorder.called('end');
    expect([await isAlive(reactor), connection.isClosed]).toEqual([false, false]);
    connection.destroy();
  });

  it.each(['open', 'active'] as const)(
    '%s: by bytes that wait to be sent, unref’d or not',
    async (keepsAlive) => {
      const { connection, theirs, reactor } = await opened({ keepsAlive });
      connection.pause();
      connection.unref();
      expect(await isAlive(reactor)).toBe(false);
      connection.write(LONG);
      expect(await isAlive(reactor)).toBe(true);
      connection.ref();
      connection.unref();
      connection.end();
      expect(await isAlive(reactor)).toBe(true);
      reactor.attach();
      await takeAll(theirs, () => connection.writableLength === 0);
      expect([await isAlive(reactor), connection.isWriteEnded]).toEqual([false, true]);
      connection.destroy();
    },
  );

  it('by bytes that were held back', async () => {
    const { connection, reactor } = await opened();
    connection.unref();
    connection.cork();
    connection.write(LONG);
    connection.uncork();
    expect(await isAlive(reactor)).toBe(true);
    connection.destroy();
    expect(await isAlive(reactor)).toBe(false);
  });

  it('by a look-up, except with keepsAlive active', async () => {
    const reactor = descriptors.using(new Reactor());
    const options = { host: 'a.test', port: 1, reactor, handlers: {}, resolve: () => undefined };
    for (const [keepsAlive, isKept] of [
      ['open', true],
      ['active', false],
    ] as const) {
      using connection = connect({ ...options, keepsAlive });
      reactor.turn(0);
      expect([await isAlive(reactor), connection.isConnecting]).toEqual([isKept, true]);
    }
    const wrong = { ...options, keepsAlive: 'never' as never };
    expect(() => connect(wrong)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('by bytes on the way through a relay that is unref’d', async () => {
    const a = await opened();
    const { reactor } = a;
    const [ours, far] = descriptors.socketpair();
    const recorder = new Recorder();
    adoptConnection(descriptors.release(ours), { handlers: recorder.handlers, reactor, trigger });
    const link = relay(a.connection, await recorder.opened());
    link.unref();
    expect(await isAlive(reactor)).toBe(false);
    reactor.attach();
    while (!(await isAlive(reactor))) {
      reactor.attach();
      fill(a.theirs);
      await nextLoopPass();
    }
    reactor.attach();
    await takeAll(far, () => link.a.bytesRead === link.bytesToB);
    expect(await isAlive(reactor)).toBe(false);
    link.destroy();
  });

  it('by bytes that a writer of a pipe has not written, unref’d or not', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const [from, to] = descriptors.pipe();
    const writer = openWriter(descriptors.release(to), { reactor, trigger, handlers: {} });
    const reader = openReader(descriptors.release(from), { reactor, trigger, handlers: {} });
    reader.pause();
    expect([await isAlive(reactor), reader.unref().hasRef()]).toEqual([true, false]);
    expect([writer.unref().hasRef(), await isAlive(reactor)]).toEqual([false, false]);
    writer.write(LONG);
    expect([writer.hasRef(), await isAlive(reactor)]).toEqual([false, true]);
    writer.close();
    reader.resume();
    reactor.attach();
    while (!writer.isClosed) await nextLoopPass();
    expect(writer.bytesWritten).toBe(LONG.length);
    expect(await isAlive(reactor)).toBe(false);
    reader.destroy();
  });

  it('by a promise connection that waits for something to come, and by what it writes', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const listener = listen({ host: HOST, reactor, trigger });
    const accepting = listener.accept();
    const client = await connectAwaited({ host: HOST, port: listener.port, reactor, trigger });
    const server = await accepting;
    listener.close();
    server.unref();
    expect(await isAlive(reactor)).toBe(true); // nothing has come that was not asked for
    reactor.attach();
    await server.write('unread');
    while (client.raw.registration.interest !== 0 && trigger === 'level') await nextLoopPass();
    for (let pass = 0; pass < 5; pass++) await nextLoopPass();
    expect([await isAlive(reactor), client.hasRef()]).toEqual([false, true]);
    const { closed } = client;
    expect(await isAlive(reactor)).toBe(true);
    reactor.attach();
    expect(String(await client.read())).toBe('unread');
    const reading = client.read();
    expect(await isAlive(reactor)).toBe(true);
    client.unref();
    expect(await isAlive(reactor)).toBe(false);
    const writing = client.write(LONG);
    expect(await isAlive(reactor)).toBe(true);
    server.destroy();
    reactor.attach();
    await Promise.allSettled([reading, writing, closed]);
  });
});
