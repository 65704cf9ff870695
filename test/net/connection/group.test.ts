// What connections of one listener share: their handlers are called at the end of a turn, and what
// each of them throws reaches the reactor's `onError`.
import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { adoptConnection } from '../../../src/net/inherit/adopt.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { driven, HOST } from '../driven.ts';
import { Recorder } from '../recorder.ts';

const messageOf = (error: unknown) => (error as Error).message;

describe('a group of connections', () => {
  const descriptors = useDescriptors();

  it('reports what each close handler of one turn throws', () => {
    const errors: unknown[] = [];
    const server = new Recorder({
      close: (connection) => {
        throw new Error(`close ${server.connections.indexOf(connection)}`);
      },
    });
    const onError = (error: unknown) => void errors.push(error);
    const { dial, turnUntil } = driven(descriptors, server, {}, { onError });
    dial();
    dial();
    dial();
    turnUntil(() => server.connections.length === 3);
    server.close();
    turnUntil(() => server.count('close') === 3);
    expect(errors.map(messageOf)).toEqual(['close 0', 'close 1', 'close 2']);
  });

  it('reports what each close handler throws when the reactor closes', () => {
    const errors: unknown[] = [];
    const server = new Recorder({
      close: () => {
        throw new Error('mine');
      },
    });
    const onError = (error: unknown) => void errors.push(error);
    const { dial, turnUntil, reactor } = driven(descriptors, server, {}, { onError });
    dial();
    dial();
    turnUntil(() => server.connections.length === 2);
    reactor.close();
    expect(errors.map(messageOf)).toEqual(['mine', 'mine']);
    expect(reactor.dependents.size).toBe(0);
  });

  it('calls what was deferred before the close handlers, also when it came after the close', () => {
    const reactor = descriptors.using(new Reactor());
    const calls: string[] = [];
    const [ours] = descriptors.socketpair();
    const connection = adoptConnection(descriptors.release(ours), {
      reactor,
      handlers: { close: () => void calls.push('close') },
    });
    reactor.turn(0);
    connection.destroy();
    connection.group.defer(() => void calls.push('deferred'));
    reactor.turn(0);
    expect(calls).toEqual(['deferred', 'close']);
  });

  it('closes an accepted descriptor when its data cannot be made, and serves the next one', () => {
    const errors: unknown[] = [];
    const server = new Recorder();
    let count = 0;
    const createData = () => {
      if (count++ === 0) throw new Error('no data');
      return count;
    };
    const onError = (error: unknown) => void errors.push(error);
    const { dial, turnUntil } = driven(descriptors, server, { createData }, { onError });
    const refused = dial();
    const served = dial();
    turnUntil(() => server.connections.length === 1);
    expect(server.connections[0]?.data).toBe(2);
    expect(sys.recv(refused, Buffer.alloc(1))).toBe(0);
    expect(sys.recv(served, Buffer.alloc(1))).toBe(sys.WOULD_BLOCK);
    expect(errors.map(messageOf)).toEqual(['no data']);
  });

  it('is forgotten by the reactor when the data of a connect call cannot be made', () => {
    const reactor = descriptors.using(new Reactor());
    const createData = () => {
      throw new Error('no data');
    };
    expect(() => connect({ host: HOST, port: 1, reactor, createData, handlers: {} })).toThrow(
      'no data',
    );
    expect(reactor.dependents.size).toBe(0);
  });
});
