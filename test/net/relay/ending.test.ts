// The end of a relay that its owner decides: `close` lets what has come leave and waits for the peers,
// with a limit; `destroy` and `using` do not.
import { describe, expect, it } from 'vitest';
import { listen } from '../../../src/net/listen/index.ts';
import { type RelayOptions, relay } from '../../../src/net/relay/index.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { turnUntil } from '../../helpers/handlers.ts';
import { codeOf, Recorder } from '../recorder.ts';

const { AF_UNIX, SOCK_STREAM, SHUT_WR, F_SETFL, O_NONBLOCK } = sys.constants;
const CHUNK = Buffer.alloc(64 * 1024, 'relayed ');

const CASES = [
  ['level', false],
  ['edge', false],
  ['level', true],
  ['edge', true],
] as const;

describe.each(CASES)('the end of a relay: %s, copy: %s', (trigger, copy) => {
  const descriptors = useDescriptors();
  let name = 0;

  // Unix sockets: what was sent is in the queue of the receiver, and nothing is under way.
  function side(reactor: Reactor) {
    const recorder = new Recorder();
    const abstract = `edgewise-ending-${process.pid}-${name++}`;
    const listener = listen({ abstract, trigger, reactor, handlers: recorder.handlers });
    const peer = descriptors.track(sys.socket(AF_UNIX, SOCK_STREAM));
    must(sys.connect(peer, { abstract }));
    must(sys.fcntl(peer, F_SETFL, O_NONBLOCK));
    while (recorder.connections.length === 0) reactor.turn(1000);
    listener.close();
    const [connection] = recorder.connections;
    if (connection === undefined) throw new Error('no connection');
    return { peer, recorder, connection };
  }

  function joined() {
    const reactor = descriptors.using(new Reactor());
    const [a, b] = [side(reactor), side(reactor)];
    const reported: unknown[] = [];
    const handlers: RelayOptions['handlers'] = { close: (_, error) => reported.push(error) };
    const link = relay(a.connection, b.connection, { copy, handlers });
    return {
      reactor,
      a,
      b,
      link,
      reported,
      turnUntil: (isDone: () => boolean) => turnUntil(reactor, isDone),
    };
  }

  /** Sends until nothing on the way takes any more; returns how much. */
  function stuff(reactor: Reactor, fd: number): number {
    let total = 0;
    for (let idle = 0; idle < 3; ) {
      const count = sys.send(fd, CHUNK);
      if (count > 0) {
        total += count;
        idle = 0;
      } else {
        idle++;
        reactor.turn(5);
      }
    }
    return total;
  }

  /** What there is to read, and how that ends. */
  function read(fd: number): { length: number; result: number } {
    const memory = Buffer.alloc(1024 * 1024);
    for (let length = 0; ; ) {
      const count = sys.recv(fd, memory);
      if (count <= 0) return { length, result: count };
      length += count;
    }
  }

  it('close passes on what has come, ends both sides, and waits for the peers', () => {
    const { a, b, link, reported, turnUntil } = joined();
    must(sys.send(a.peer, Buffer.from('for b')));
    must(sys.send(b.peer, Buffer.from('for a, too')));
    link.close(); // nothing of it was read yet
    turnUntil(() => a.connection.isWriteEnded && b.connection.isWriteEnded);
    expect([read(b.peer), read(a.peer)]).toEqual([
      { length: 5, result: 0 },
      { length: 10, result: 0 },
    ]);
    expect([link.isClosed, reported]).toEqual([false, []]);
    must(sys.shutdown(a.peer, SHUT_WR));
    turnUntil(() => a.connection.isClosed);
    expect(link.isClosed).toBe(false);
    must(sys.shutdown(b.peer, SHUT_WR));
    turnUntil(() => reported.length > 0);
    expect([link.isClosed, reported]).toEqual([true, [undefined]]);
    expect([...a.recorder.errors, ...b.recorder.errors]).toEqual([undefined, undefined]);
  });

  it('close waits for what is stuck', () => {
    const { reactor, a, b, link, reported, turnUntil } = joined();
    const sent = stuff(reactor, a.peer);
    link.close();
    for (let i = 0; i < 3; i++) reactor.turn(5);
    let got = 0;
    turnUntil(() => {
      const { length, result } = read(b.peer);
      got += length;
      return result === 0;
    });
    expect([got, reported]).toEqual([sent, []]);
    for (const { peer } of [a, b]) must(sys.shutdown(peer, SHUT_WR));
    turnUntil(() => reported.length > 0);
    expect(reported).toEqual([undefined]);
  });

  it('what peers send after their end is dropped, and is no reset', () => {
    const { a, b, link, reported, turnUntil } = joined();
    link.close();
    turnUntil(() => a.connection.isWriteEnded && b.connection.isWriteEnded);
    must(sys.send(a.peer, Buffer.from('too late')));
    turnUntil(() => a.connection.bytesRead === 8);
    for (const { peer } of [a, b]) must(sys.shutdown(peer, SHUT_WR));
    turnUntil(() => reported.length > 0);
    expect([reported, link.bytesToB]).toEqual([[undefined], 0]);
    expect([read(a.peer), read(b.peer)]).toEqual([
      { length: 0, result: 0 },
      { length: 0, result: 0 },
    ]);
  });

  it('close resumes what is paused', () => {
    const { a, b, link, reported, turnUntil } = joined();
    a.connection.pause();
    must(sys.send(a.peer, Buffer.from('for b')));
    link.close();
    for (const { peer } of [a, b]) must(sys.shutdown(peer, SHUT_WR));
    turnUntil(() => reported.length > 0);
    expect([reported, read(b.peer).length]).toEqual([[undefined], 5]);
  });

  it('close has a limit, which another call replaces', () => {
    const { a, b, link, reported, turnUntil } = joined();
    link.close({ timeoutMs: 60_000 });
    link.close({ timeoutMs: 20 });
    link.close(); // without a limit: the earlier one stays
    let isLate = false;
    a.connection.reactor.setTimeout(() => (isLate = true), 10_000).unref();
    turnUntil(() => reported.length > 0);
    expect(isLate).toBe(false);
    expect([reported, a.connection.isClosed, b.connection.isClosed]).toEqual([
      [undefined],
      true,
      true,
    ]);
    link.close({ timeoutMs: 20 }); // does nothing the second time
    const refused = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });
    expect(() => link.close({ timeoutMs: -1 })).toThrow(refused);
  });

  it('close while the reactor closes is close with 0', async () => {
    const { reactor, a, b, link, reported } = joined();
    must(sys.send(a.peer, Buffer.from('for b')));
    const others = [...reactor.dependents];
    reactor.dependents.clear();
    let disposed: Promise<void> | undefined;
    reactor.dependents.add({
      close: () => {
        disposed = link[Symbol.asyncDispose]();
      },
    });
    for (const other of others) reactor.dependents.add(other);
    reactor.close();
    await disposed;
    expect([link.isClosed, reported, read(b.peer).length]).toEqual([true, [undefined], 5]);
  });

  it('close({ timeoutMs: 0 }) moves what can be moved now', () => {
    const { reactor, a, b, link, reported } = joined();
    must(sys.send(a.peer, Buffer.from('for b')));
    link.close({ timeoutMs: 0 });
    expect([link.isClosed, reported]).toEqual([true, []]); // never inside a call of the user's
    reactor.turn(0);
    expect(reported).toEqual([undefined]);
    expect(read(b.peer)).toEqual({ length: 5, result: 0 });
  });

  it('a failure of the peers while it closes is reported', () => {
    const { reactor, a, b, link, reported, turnUntil } = joined();
    stuff(reactor, a.peer);
    link.close();
    descriptors.close(b.peer);
    turnUntil(() => reported.length > 0);
    expect(codeOf(reported[0])).toMatch(/^(EPIPE|ECONNRESET)$/);
    expect(a.connection.isClosed).toBe(true);
  });

  it('dispose is destroy; asyncDispose is close, and resolves when all is closed', async () => {
    const first = joined();
    first.link[Symbol.dispose]();
    expect(first.link.isClosed).toBe(true);
    const { link, reported, reactor, a, b } = joined();
    reactor.attach();
    const closed = link[Symbol.asyncDispose]();
    expect(link.isClosed).toBe(false);
    for (const { peer } of [a, b]) must(sys.shutdown(peer, SHUT_WR));
    await closed;
    expect([link.isClosed, reported]).toEqual([true, [undefined]]);
    await link[Symbol.asyncDispose]();
  });

  it('keeps the reactor alive unless unref', async () => {
    const { link, reactor } = joined();
    expect(link.hasRef()).toBe(true);
    expect(link.unref().hasRef()).toBe(false);
    link.close(); // its limit does not keep it either
    await reactor.run();
    expect(link.ref().hasRef()).toBe(true);
    const running = reactor.run();
    link.destroy();
    await running;
  });
});
