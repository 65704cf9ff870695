// `connection.data` and its maker: the types are checked by the compiler, the rest when it runs.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import type { Connection } from '../../../src/net/connection/connection.ts';
import type { AnyConnection } from '../../../src/net/connection/group.ts';
import { adoptConnection } from '../../../src/net/inherit/adopt.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import type { Registration } from '../../../src/reactor/registration.ts';
import * as sys from '../../../src/sys/index.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { HOST } from '../driven.ts';
import { Recorder } from '../recorder.ts';

interface Session {
  requests: number;
}

describe('connection.data', () => {
  const descriptors = useDescriptors();

  it('has the type of what createData makes, in every handler and in what is returned', () => {
    const reactor = descriptors.using(new Reactor());
    const listener = listen({
      host: HOST,
      reactor,
      createData: (): Session => ({ requests: 0 }),
      handlers: {
        open(connection) {
          expectTypeOf(connection.data).toEqualTypeOf<Session>();
        },
        data(connection, bytes) {
          connection.data.requests += bytes.length;
        },
      },
    });
    expectTypeOf(listener.connections).toEqualTypeOf<ReadonlySet<Connection<Session>>>();
    const connection = connect({
      host: HOST,
      port: listener.port,
      reactor,
      createData: (made: AnyConnection) => made.isConnecting,
      handlers: {},
    });
    expectTypeOf(connection.data).toEqualTypeOf<boolean>();
    expect(connection.data).toBe(true);
    connection.destroy();
  });

  it('has the type that was named, as that of a registration', () => {
    type DataOf<T> = T extends { data: infer Data } ? Data : never;
    expectTypeOf<DataOf<Connection<Session>>>().toEqualTypeOf<DataOf<Registration<Session>>>();
    expectTypeOf<DataOf<Connection>>().toEqualTypeOf<unknown>();
    // @ts-expect-error it makes something else
    const options: Parameters<typeof listen<Session>>[0] = { createData: () => 1, handlers: {} };
    expect(options.createData?.(undefined as never)).toBe(1);
  });

  it('is made once, before open, and is undefined without a maker', () => {
    const reactor = descriptors.using(new Reactor());
    const calls: unknown[] = [];
    const [ours, theirs] = descriptors.socketpair();
    const made = adoptConnection(descriptors.release(ours), {
      reactor,
      createData: (connection) => {
        calls.push('createData');
        return { first: connection };
      },
      handlers: { open: ({ data }) => void calls.push(data) },
    });
    const bare = adoptConnection(descriptors.release(theirs), { reactor, handlers: {} });
    reactor.turn(0);
    expect(calls).toEqual(['createData', { first: made }]);
    expect(made.data.first).toBe(made);
    expect(bare.data).toBeUndefined();
    made.destroy();
    bare.destroy();
  });

  it('refuses a maker that is not a function', () => {
    const reactor = descriptors.using(new Reactor());
    const options = { host: HOST, reactor, createData: 5 as never, handlers: {} };
    expect(() => listen(options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});

describe.each(['level', 'edge'] as const)('%s: a connection that createData ends', (trigger) => {
  const descriptors = useDescriptors();
  const ends: readonly [string, (connection: AnyConnection) => void][] = [
    ['destroy', (connection) => connection.destroy()],
    ['close with 0', (connection) => connection.close({ timeoutMs: 0 })],
  ];

  function reactorOf(): Reactor {
    return descriptors.using(new Reactor());
  }

  it.each(ends)('%s: an accepted one is closed, and no handler is called', async (_, end) => {
    const reactor = reactorOf();
    const calls: string[] = [];
    const open = () => void calls.push('open');
    const close = () => void calls.push('close');
    const disposed: Promise<void>[] = [];
    const listener = listen({
      host: HOST,
      reactor,
      trigger,
      createData: (made) => {
        disposed.push(made[Symbol.asyncDispose]());
        end(made);
      },
      handlers: { open, close },
    });
    const { port } = listener;
    const peer = new Recorder();
    connect({ host: HOST, port, reactor, trigger, handlers: peer.handlers });
    const ended = peer.called('close').then(() => listener.close());
    await reactor.run();
    await Promise.all([ended, ...disposed]);
    expect(disposed).toHaveLength(1);
    expect(calls).toEqual([]);
    expect(listener.connections.size).toBe(0);
  });

  it.each(ends)('%s: connect calls close once, and lets the reactor end', async (_, end) => {
    const reactor = reactorOf();
    const recorder = new Recorder();
    const { handlers } = recorder;
    const connection = connect({
      host: HOST,
      port: 9,
      timeoutMs: 60_000,
      reactor,
      trigger,
      createData: end,
      handlers,
    });
    expect([connection.isClosed, recorder.count('close')]).toEqual([true, 0]);
    const disposed = connection[Symbol.asyncDispose]();
    await reactor.run();
    await disposed;
    expect(recorder.events).toEqual(['close']);
    expect(reactor.dependents.size).toBe(0);
  });

  it.each(ends)('%s: adoptConnection closes the descriptor', async (_, end) => {
    const reactor = reactorOf();
    const recorder = new Recorder();
    const { handlers } = recorder;
    const [ours, theirs] = descriptors.socketpair();
    const fd = descriptors.release(ours);
    adoptConnection(fd, { reactor, trigger, createData: end, handlers });
    expect(sys.recv(theirs, Buffer.alloc(1))).toBe(0);
    await reactor.run();
    expect(recorder.events).toEqual(['close']);
  });

  it('what it has begun is over when it throws', async () => {
    const reactor = reactorOf();
    let made: AnyConnection | undefined;
    const createData = (connection: AnyConnection) => {
      made = connection;
      connection.close({ timeoutMs: 60_000 });
      throw new Error('mine');
    };
    const recorder = new Recorder();
    const { handlers } = recorder;
    expect(() => connect({ host: HOST, port: 9, reactor, trigger, createData, handlers })).toThrow(
      'mine',
    );
    expect(made?.isClosed).toBe(true);
    await reactor.run();
    expect(recorder.events).toEqual([]);
    expect(reactor.dependents.size).toBe(0);
  });
});
