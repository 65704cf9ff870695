// What settles a direction of `registerEdge`, so that its handler is not called again without an event:
// what the last call on the descriptor has found, whatever the handler says of it.
import { constants as os } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Edge, isAccepted, isBytes, type Settled } from '../../../src/index.ts';
import { installKernel } from '../../../src/kernel.ts';
import { Interest, Readiness } from '../../../src/poller/interest.ts';
import * as sys from '../../../src/sys/index.ts';
import { must } from '../../helpers/descriptors.ts';
import { send, turnIdly } from '../../helpers/handlers.ts';
import { bytes, counting, drain, FORGETS, useEdges } from './edges.ts';

const { descriptors, make, register } = useEdges();
const { Readable, Writable } = Interest;

type Call = (edge: Edge) => number;

/** Does `calls`, and says that all is done. */
function saying(...calls: readonly Call[]): (edge: Edge) => Settled {
  return (edge) => {
    for (const call of calls) call(edge);
    return edge.closed();
  };
}

describe('what settles a direction', () => {
  /** How often a handler is called that does `act` once, and drains later. */
  function callsAfter(act: (edge: Edge) => Settled, text = 'some bytes'): number {
    const reactor = make();
    const { peer, handler } = register(reactor, (edge, count) =>
      count === 1 ? act(edge) : drain(edge),
    );
    send(peer, text);
    turnIdly(reactor, 10);
    return handler.count;
  }

  it('some bytes do not, whatever the handler says', () => {
    expect(callsAfter((edge) => edge.settled(edge.recv(bytes) as never))).toBe(2);
    expect(callsAfter((edge) => edge.settled(sys.WOULD_BLOCK as never))).toBe(2);
    expect(callsAfter(saying((edge) => edge.recv(bytes)))).toBe(2);
    expect(callsAfter((edge) => edge.paused())).toBe(2);
  });

  it('a peek that finds bytes does not, and no read of no length', () => {
    const { MSG_PEEK } = sys.constants;
    expect(callsAfter(saying((edge) => edge.recv(bytes, 0, 8, MSG_PEEK)))).toBe(2);
    expect(callsAfter((edge) => edge.settled(edge.recv(bytes, 0, 0) as never))).toBe(2);
    expect(callsAfter((edge) => edge.settled(edge.read(bytes, 1024) as never))).toBe(2);
  });

  it('would-block does, by each way of reading', () => {
    const ways: Call[] = [
      (edge) => edge.recv(bytes),
      (edge) => edge.read(bytes),
      (edge) => edge.recvfrom(bytes),
    ];
    for (const way of ways) {
      expect(callsAfter(saying(way))).toBe(2);
      expect(callsAfter(saying(way, way))).toBe(1);
    }
  });

  it('the end of a stream does', () => {
    const reactor = make();
    const { peer, handler } = register(reactor, (edge) => edge.settled(edge.recv(bytes) as never));
    must(sys.shutdown(peer, sys.constants.SHUT_WR));
    turnIdly(reactor, 10);
    expect(handler.count).toBe(1);
  });

  it('an empty datagram does not: others may be behind it', () => {
    const { fd, address } = descriptors.udp();
    const { fd: sender } = descriptors.udp();
    const reactor = make();
    let text = '';
    const handler = counting((edge) => {
      const from = new sys.SocketAddress();
      const count = edge.recvfrom(bytes, 0, bytes.length, 0, from);
      if (!isBytes(count)) return edge.settled(count);
      text += bytes.toString('latin1', 0, count);
      return edge.requeued();
    });
    reactor.registerEdge(fd, Readable, handler);
    for (const datagram of ['', 'x']) {
      must(sys.sendto(sender, Buffer.from(datagram), 0, undefined, 0, address));
    }
    turnIdly(reactor, 10);
    expect(text).toBe('x');
    expect(reactor.stats.unsettled).toBe(1);
    expect(handler.count).toBe(3);
  });

  it('a listener: an accepted connection does not, nor does an error that passes', () => {
    const { fd, address } = descriptors.listener();
    must(sys.fcntl(fd, sys.constants.F_SETFL, sys.constants.O_NONBLOCK));
    const reactor = make();
    const results: number[] = [];
    let failsLeft = 2;
    const { EMFILE } = os.errno;
    onTestFinished(
      installKernel((below) => ({
        accept4: (...args) => (failsLeft-- > 0 ? -EMFILE : below.accept4(...args)),
      })),
    );
    const handler = counting((edge) => {
      const accepted = edge.accept();
      results.push(accepted);
      if (!isAccepted(accepted)) return edge.settled(accepted);
      descriptors.track(accepted);
      return edge.charge() ?? FORGETS;
    });
    reactor.registerEdge(fd, Readable, handler);
    const client = descriptors.track(sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM));
    must(sys.connect(client, address));
    turnIdly(reactor, 10);
    expect(results).toEqual([-EMFILE, -EMFILE, expect.any(Number), sys.WOULD_BLOCK]);
    expect(must(sys.fcntl(results[2] as number, sys.constants.F_GETFL))).toSatisfy(
      (flags: number) => (flags & sys.constants.O_NONBLOCK) !== 0,
    );
    expect(reactor.stats.unsettled).toBe(3);
  });

  it('with both reported, each needs its own end', () => {
    const reactor = make();
    const seen: Readiness[] = [];
    const { peer, handler } = register(
      reactor,
      (edge, count) => {
        seen.push(edge.readiness);
        if (count === 1) return drain(edge);
        return edge.idle('write');
      },
      {},
      Readable | Writable,
    );
    send(peer, 'x');
    turnIdly(reactor, 10);
    expect(seen).toEqual([Readiness.Readable | Readiness.Writable, Readiness.Writable]);
    expect(handler.count).toBe(2);
  });

  it('a write that was taken does not, each way of writing to would-block does', () => {
    const ways: Call[] = [
      (edge) => edge.send(bytes),
      (edge) => edge.write(bytes),
      (edge) => edge.writev([bytes, bytes]),
      (edge) => edge.sendto(bytes, 0, 512),
    ];
    for (const way of ways) {
      const reactor = make();
      const act = (edge: Edge, count: number) => {
        if (count === 1) way(edge);
        else while (way(edge) > 0);
        return edge.closed();
      };
      const { handler } = register(reactor, act, {}, Writable);
      turnIdly(reactor, 10);
      expect(handler.count).toBe(2);
    }
  });

  it('a pause does, and what is there is reported when it ends', () => {
    const reactor = make();
    const { peer, handler, registration } = register(reactor, (edge, count) => {
      if (count > 1) return drain(edge);
      edge.registration.setInterest(Interest.None);
      return edge.paused();
    });
    send(peer, 'x');
    turnIdly(reactor, 10);
    expect(handler.count).toBe(1);
    registration.setInterest(Readable);
    turnIdly(reactor, 10);
    expect(handler.count).toBe(2);
    expect(reactor.stats.unsettled).toBe(0);
  });

  it('so do the end of the registration, a re-queue, and the budget', () => {
    const reactor = make({ budget: { operations: 1 } });
    const closes = register(reactor, (edge) => {
      edge.registration.close();
      return edge.closed();
    });
    const requeues = register(reactor, (edge, count) =>
      count < 3 ? edge.requeued() : drain(edge),
    );
    const charges = register(reactor, (edge) => {
      const count = edge.recv(bytes, 0, 1);
      return isBytes(count) ? (edge.charge(count) ?? FORGETS) : edge.settled(count);
    });
    for (const { peer } of [closes, requeues, charges]) send(peer, 'abc');
    turnIdly(reactor, 10);
    expect([closes, requeues, charges].map(({ handler }) => handler.count)).toEqual([1, 3, 4]);
    expect(reactor.stats.unsettled).toBe(0);
  });
});
