// `connection.data` and its maker: the types are checked by the compiler, the rest when it runs.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import type { Connection } from '../../../src/net/connection/connection.ts';
import type { AnyConnection } from '../../../src/net/connection/group.ts';
import { adoptConnection } from '../../../src/net/inherit/adopt.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import type { Registration } from '../../../src/reactor/registration.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { HOST } from '../driven.ts';

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
