// `registerEdge`: its handlers, and what becomes of one that leaves something over. What settles a
// direction: settling.test.ts.
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Edge, EdgeHandler, EdgeOptions, Settled } from '../../../src/index.ts';
import { Interest, Readiness } from '../../../src/poller/interest.ts';
import * as sys from '../../../src/sys/index.ts';
import { send, turnIdly } from '../../helpers/handlers.ts';
import { eachBackend } from '../../helpers/matrix.ts';
import { bytes, counting, drain, FORGETS, useEdges } from './edges.ts';

const { descriptors, make, register } = useEdges();
const { Readable } = Interest;

/** What `call` throws, as its code. */
function codeOf(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

eachBackend((backend) => {
  it('a handler that has drained is not called again, until there is more', () => {
    const reactor = make({ backend });
    const { peer, handler } = register(reactor, drain);
    send(peer, 'x');
    turnIdly(reactor, 10);
    expect(handler.count).toBe(1);
    send(peer, 'x');
    turnIdly(reactor, 10);
    expect(handler.count).toBe(2);
    expect(reactor.stats.unsettled).toBe(0);
  });

  it('one that has left something over is called again in the next turn, and counted', () => {
    const reactor = make({ backend });
    const reported: Readiness[] = [];
    const { peer, handler } = register(reactor, (edge, count) => {
      reported.push(edge.readiness);
      return count < 3 ? FORGETS : drain(edge);
    });
    send(peer, 'x');
    reactor.turn(0);
    expect(handler.count).toBe(1);
    turnIdly(reactor, 10);
    expect(reported).toEqual([Readiness.Readable, Readiness.Readable, Readiness.Readable]);
    expect(reactor.stats.unsettled).toBe(2);
  });
}, 'edge');

describe('a handler that throws', () => {
  it('is called again for what it has left', () => {
    const errors: unknown[] = [];
    const reactor = make({ onError: (error) => void errors.push(error) });
    const mistake = new Error('of the handler');
    const { peer, handler } = register(reactor, (edge, count) => {
      if (count === 1) throw mistake;
      return drain(edge);
    });
    send(peer, 'x');
    turnIdly(reactor, 10);
    expect(errors).toEqual([mistake]);
    expect(handler.count).toBe(2);
  });

  it('is not, when it had drained or closed', () => {
    const reactor = make({ onError: () => undefined });
    const throwing = (act: (edge: Edge) => void) => (edge: Edge) => {
      act(edge);
      throw new Error('afterwards');
    };
    const drained = register(reactor, throwing(drain));
    const closed = register(
      reactor,
      throwing(({ registration }) => registration.close()),
    );
    for (const { peer } of [drained, closed]) send(peer, 'x');
    turnIdly(reactor, 10);
    expect([drained.handler.count, closed.handler.count]).toEqual([1, 1]);
  });
});

describe('an Edge', () => {
  it('has descriptor, readiness, data and registration', () => {
    const reactor = make();
    const seen: unknown[] = [];
    const { fd, peer, registration } = register(
      reactor,
      (edge) => {
        seen.push(edge.fd, edge.readiness, edge.data, edge.registration);
        edge.data = 'other';
        return drain(edge);
      },
      { data: 'mine' },
    );
    send(peer, 'x');
    reactor.turn(0);
    expect(seen).toEqual([fd, Readiness.Readable, 'mine', registration]);
    expect(registration.data).toBe('other');
  });

  it('is of no use when its handler has returned', () => {
    const reactor = make();
    let kept: Edge | undefined;
    const { peer } = register(reactor, (edge) => {
      kept = edge;
      return drain(edge);
    });
    send(peer, 'x');
    reactor.turn(0);
    const edge = kept as Edge;
    const uses = [
      () => edge.fd,
      () => edge.readiness,
      () => edge.recv(bytes),
      () => edge.accept(),
      () => edge.send(bytes),
      () => edge.settled(sys.WOULD_BLOCK as never),
      () => edge.charge(),
      () => edge.requeued(),
      () => edge.closed(),
      () => edge.paused(),
      () => edge.idle('write'),
    ];
    expect(uses.map(codeOf)).toEqual(uses.map(() => 'ERR_EDGE_STALE'));
  });

  it('does no call on the number of a closed registration', () => {
    const reactor = make();
    const { peer } = register(reactor, (edge) => {
      edge.registration.close();
      expect(codeOf(() => edge.recv(bytes))).toBe('ERR_CLOSED');
      return edge.closed();
    });
    send(peer, 'x');
    reactor.turn(0);
    expect(reactor.registrationCount).toBe(0);
  });

  it('stays that of its handler, when the handler turns the reactor', () => {
    const reactor = make();
    const inner = register(reactor, drain);
    const outer = register(reactor, (edge, count) => {
      if (count === 1) {
        send(inner.peer, 'x');
        reactor.turn(0);
        expect(inner.handler.count).toBe(1);
      }
      expect(edge.fd).toBe(outer.fd);
      return drain(edge);
    });
    send(outer.peer, 'x');
    turnIdly(reactor, 10);
    expect(outer.handler.count).toBe(1);
  });

  it('refuses what is neither a result nor a direction', () => {
    const reactor = make();
    const codes: unknown[] = [];
    const { peer } = register(reactor, (edge) => {
      codes.push(codeOf(() => edge.settled('EAGAIN' as never)));
      codes.push(codeOf(() => edge.idle('read' as 'write')));
      return drain(edge);
    });
    send(peer, 'x');
    reactor.turn(0);
    expect(codes).toEqual(['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE']);
  });
});

describe('options.unsettled', () => {
  it("'throw' hands an error with the line to onError, and calls again all the same", () => {
    const errors: unknown[] = [];
    const reactor = make({ onError: (error) => void errors.push(error) });
    let token: Settled | undefined;
    const { fd, peer, handler } = register(
      reactor,
      (edge, count) => {
        if (count === 1) return edge.closed();
        if (count === 3) return token as Settled;
        token = drain(edge);
        return token;
      },
      { unsettled: 'throw' },
    );
    send(peer, 'x');
    turnIdly(reactor, 10);
    send(peer, 'x');
    turnIdly(reactor, 10);
    expect(errors).toEqual([
      expect.objectContaining({ code: 'ERR_EDGE_UNSETTLED' }),
      expect.objectContaining({ code: 'ERR_EDGE_STALE' }),
    ]);
    const message = `fd ${fd}: its edge handler left Readable unsettled; registered at `;
    expect(`${errors[0]}`).toContain(message);
    expect(`${errors[0]}`).toMatch(/edges\.ts:\d+:\d+\)?$/); // where the helper registers
    expect(handler.count).toBe(4);
  });

  it("'warn' warns once per handler object", async () => {
    const warnings: { code?: string }[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning as { code?: string });
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const reactor = make();
    for (const result of [FORGETS, 'token'] as const) {
      let token = FORGETS;
      const handler = counting((edge) => {
        if (result === 'token' && token !== FORGETS) return token;
        token = drain(edge);
        return token;
      });
      if (result === FORGETS) handler.onReady = () => FORGETS;
      for (let index = 0; index < 2; index++) {
        const [fd, peer] = descriptors.socketpair();
        reactor.registerEdge(fd, Readable, handler, { unsettled: 'warn' });
        send(peer, 'x');
        turnIdly(reactor, 5);
      }
    }
    await nextLoopPass();
    expect(warnings.map(({ code }) => code)).toEqual([
      'EDGEWISE_UNSETTLED',
      'EDGEWISE_TOKEN_STALE',
    ]);
  });

  it('anything else is refused, and nothing is registered', () => {
    const reactor = make();
    const options = { unsettled: 'never' } as unknown as EdgeOptions;
    expect(codeOf(() => register(reactor, drain, options))).toBe('ERR_INVALID_ARG_VALUE');
    const handler = {} as EdgeHandler;
    expect(codeOf(() => reactor.registerEdge(0, Readable, handler))).toBe('ERR_INVALID_ARG_TYPE');
    expect(reactor.registrationCount).toBe(0);
  });
});

it('a back-end without edges refuses it', () => {
  const reactor = make({ backend: 'poll' });
  expect(codeOf(() => register(reactor, drain))).toBe('ERR_TRIGGER_UNSUPPORTED');
});
