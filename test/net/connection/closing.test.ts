// The reactor closes: whatever is open on it is closed and reported at once, since there is no later
// turn; and so is what was closed before, in the same turn.
import { describe, expect, it } from 'vitest';
import { bindDatagram } from '../../../src/net/datagram/bind.ts';
import { openReader } from '../../../src/pipe/reader.ts';
import { openWriter } from '../../../src/pipe/writer.ts';
import { bind } from '../../../src/promises/datagram.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf } from '../recorder.ts';

const HOST = '127.0.0.1';

describe('a reactor that closes', () => {
  const descriptors = useDescriptors();

  function datagrams() {
    const reactor = descriptors.using(new Reactor());
    const calls: string[] = [];
    const open = () =>
      bindDatagram({
        reactor,
        host: HOST,
        handlers: {
          error: () => calls.push('error'),
          drain: () => calls.push('drain'),
          close: (socket) => calls.push(`close ${socket.fd}`),
        },
      });
    return { reactor, calls, open };
  }

  it('closes datagram sockets and calls each close handler', () => {
    const { reactor, calls, open } = datagrams();
    const sockets = [open(), open()];
    reactor.close();
    expect(sockets.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    expect(calls).toEqual(['close -1', 'close -1']);
    expect(reactor.dependents.size).toBe(0);
  });

  it('reports a datagram socket that was closed in the same turn', () => {
    const { reactor, calls, open } = datagrams();
    open().close();
    expect(calls).toEqual([]);
    reactor.close();
    expect(calls).toEqual(['close -1']);
  });

  it('reports once a datagram socket that another one has closed', () => {
    const { reactor, calls, open } = datagrams();
    const first = bindDatagram({ reactor, host: HOST, handlers: { close: () => second.close() } });
    const second = open();
    reactor.close();
    expect(first.isClosed).toBe(true);
    expect(calls).toEqual(['close -1']);
  });

  it('is left by a datagram socket when its close was reported', () => {
    const { reactor, calls, open } = datagrams();
    const socket = open();
    expect(reactor.dependents.size).toBe(1);
    socket.close();
    reactor.turn(0);
    expect(calls).toEqual(['close -1']);
    expect(reactor.dependents.size).toBe(0);
  });

  it('throws what a close handler of a datagram socket throws, and closes the others', () => {
    const { reactor, calls, open } = datagrams();
    const close = () => {
      throw new Error('mine');
    };
    bindDatagram({ reactor, host: HOST, handlers: { close } });
    open();
    expect(() => reactor.close()).toThrow('mine');
    expect(calls).toEqual(['close -1']);
  });

  it('ends a receive that waits with ERR_CLOSED', async () => {
    const reactor = descriptors.using(new Reactor());
    const closedBefore = bind({ reactor, host: HOST });
    const waiting = [closedBefore, bind({ reactor, host: HOST })].map((socket) =>
      socket.receive().catch(codeOf),
    );
    closedBefore.close();
    reactor.close();
    expect(await Promise.all(waiting)).toEqual(['ERR_CLOSED', 'ERR_CLOSED']);
  });

  it('reports a reader and a writer that were destroyed in the same turn', () => {
    const reactor = descriptors.using(new Reactor());
    const [reading, writing] = descriptors.pipe();
    const calls: unknown[] = [];
    const close = (_: unknown, error?: Error) => calls.push(codeOf(error));
    const reader = openReader(descriptors.release(reading), { reactor, handlers: { close } });
    const writer = openWriter(descriptors.release(writing), { reactor, handlers: { close } });
    reader.destroy();
    writer.destroy(Object.assign(new Error('mine'), { code: 'MINE' }));
    expect(calls).toEqual([]);
    reactor.close();
    expect(calls).toEqual([undefined, 'MINE']);
    expect(reactor.dependents.size).toBe(0);
  });
});
