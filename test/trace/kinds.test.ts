// What is recorded beside reports and handlers: waits, queues, roles, signals and levels; and the totals.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  bindDatagram,
  connect,
  type Handler,
  Interest,
  listen,
  openReader,
  Reactor,
  Readiness,
} from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { eventsOf, Kind, Role, type Trace, WaitReason } from '../../src/trace/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const descriptors = useDescriptors();
let reactor: Reactor;
beforeEach(() => {
  reactor = descriptors.using(new Reactor());
});

const nothing = () => undefined;
const idle: Handler = { onReady: nothing };

function eventsOfKind(trace: Trace, kind: number) {
  const [stream] = trace.snapshot().streams;
  return stream === undefined ? [] : [...eventsOf(stream)].filter((event) => event.kind === kind);
}

/** `[fd, a, b]` of each. */
function valuesOf(trace: Trace, kind: number): number[][] {
  return eventsOfKind(trace, kind).map(({ fd, a, b }) => [fd, a, b]);
}

describe('wait-begin', () => {
  it('has why the next wait ends, and when', () => {
    const trace = reactor.trace();
    reactor.turn(0);
    reactor.defer(() => reactor.defer(nothing));
    reactor.turn(0);
    reactor.turn(0);
    reactor.setTimeout(nothing, 60_000);
    reactor.turn(0);
    const waits = valuesOf(trace, Kind.WaitBegin);
    expect(waits.slice(0, 3)).toEqual([
      [-1, -1, WaitReason.Idle],
      [-1, 0, WaitReason.Work],
      [-1, -1, WaitReason.Idle],
    ]);
    const [, us = 0, reason] = waits[3] ?? [];
    expect(reason).toBe(WaitReason.Deadline);
    expect(us).toBeGreaterThan(0);
    expect(us).toBeLessThanOrEqual(60_000_000);
  });

  it('is recorded in turns that the loop of Node drives, and not inside a handler', async () => {
    const [a, b] = descriptors.socketpair();
    const trace = reactor.trace();
    for (const fd of [a, b]) {
      reactor.register(fd, Interest.Writable, {
        onReady(_, own) {
          own.close();
          reactor.turn(0);
        },
      });
    }
    await reactor.run();
    expect(eventsOfKind(trace, Kind.WaitEnd).length).toBeGreaterThan(2);
    const outer = eventsOfKind(trace, Kind.WaitBegin).length;
    expect(outer).toBeGreaterThan(0);
    expect(outer).toBeLessThan(eventsOfKind(trace, Kind.WaitEnd).length);
  });
});

describe('queue', () => {
  it('is recorded when the bytes that wait have changed, after a handler and with the interest', () => {
    const [a] = descriptors.socketpair();
    const trace = reactor.trace();
    let bytes: number | undefined = 0;
    const onReady = () => {
      bytes = 70;
    };
    const handler = { onReady, queuedBytes: () => bytes };
    const registration = reactor.register(a, Interest.Writable, handler);
    reactor.turn(0);
    reactor.turn(0);
    bytes = undefined; // not known
    registration.setInterest(Interest.Writable | Interest.Readable);
    bytes = 5;
    registration.setInterest(Interest.None);
    bytes = 2 ** 40;
    registration.setInterest(Interest.Readable);
    expect(valuesOf(trace, Kind.Queue)).toEqual([
      [a, 70, 0],
      [a, 5, 0],
      [a, 2 ** 31 - 1, 0],
    ]);
  });

  it('of a registration that has the slot of another begins with 0', () => {
    const [a, b] = descriptors.socketpair();
    const trace = reactor.trace();
    const handler = { onReady: nothing, queuedBytes: () => 7 };
    for (const fd of [a, b]) {
      const registration = reactor.register(fd, Interest.Writable, handler);
      reactor.turn(0);
      registration.close();
    }
    expect(valuesOf(trace, Kind.Queue)).toEqual([
      [a, 7, 0],
      [b, 7, 0],
    ]);
  });

  it('that throws is not known, and the turn goes on', () => {
    const [a] = descriptors.socketpair();
    const trace = reactor.trace();
    const queuedBytes = () => {
      throw new Error('no');
    };
    reactor.register(a, Interest.Writable, { onReady: nothing, queuedBytes });
    expect(reactor.turn(0)).toBe(1);
    expect(valuesOf(trace, Kind.Queue)).toEqual([]);
  });
});

describe('role', () => {
  it('is that of listeners, connections, datagram sockets, pipes and signals', async () => {
    const trace = reactor.trace();
    const [reader] = descriptors.pipe();
    const listener = listen({ port: 0, reactor, handlers: {} });
    const client = connect({ port: listener.port, host: '127.0.0.1', reactor, handlers: {} });
    const socket = bindDatagram({ port: 0, reactor, handlers: {} });
    openReader(descriptors.release(reader), { reactor, handlers: {} });
    reactor.onSignal('SIGUSR1', nothing);
    while (listener.connections.size === 0) reactor.turn(100);
    const [accepted] = [...listener.connections].map(({ fd }) => fd);
    const roles = valuesOf(trace, Kind.Role);
    expect(roles).toContainEqual([listener.fd, Role.Listener, -1]);
    expect(roles).toContainEqual([client.fd, Role.Connection, -1]);
    expect(roles).toContainEqual([accepted, Role.Connection, listener.fd]);
    expect(roles).toContainEqual([socket.fd, Role.Datagram, -1]);
    expect(roles).toContainEqual([reader, Role.Pipe, -1]);
    expect(roles.map(([, role]) => role)).toContain(Role.Signals);
    // What is open when a block begins has its role with it.
    trace.close();
    const [stream] = reactor.trace().snapshot().streams;
    const open = stream?.blocks[0]?.open.map(({ fd, role }) => [fd, role]);
    expect(open).toContainEqual([listener.fd, Role.Listener]);
    expect(open).toContainEqual([accepted, Role.Connection]);
  });
});

describe('signal', () => {
  it('is recorded before its handlers', async () => {
    const trace = reactor.trace();
    let seen = 0;
    reactor.onSignal('SIGUSR1', (_, signum) => {
      seen = signum;
    });
    process.kill(process.pid, 'SIGUSR1');
    while (seen === 0) {
      reactor.turn(0);
      await new Promise(setImmediate);
    }
    expect(eventsOfKind(trace, Kind.Signal).map(({ a }) => a)).toEqual([seen]);
  });
});

describe('level', () => {
  it('is what is ready after a batch, reported or not, when it has changed', () => {
    const [a, b] = descriptors.socketpair();
    const trace = reactor.trace({ level: 'probe' });
    const registration = reactor.register(b, Interest.Readable, idle, { trigger: 'edge' });
    reactor.turn(0);
    sys.send(a, Buffer.from('hello'));
    reactor.turn(0);
    reactor.turn(0); // the edge is not reported again, and nothing has changed
    sys.recv(b, Buffer.alloc(64));
    reactor.turn(0);
    registration.close();
    reactor.turn(0);
    const both = Readiness.Readable | Readiness.Writable;
    expect(valuesOf(trace, Kind.Level)).toEqual([
      [b, Readiness.Writable, 0],
      [b, both, 0],
      [b, Readiness.Writable, 0],
    ]);
  });

  it('is found by calls that are not recorded', () => {
    const [a] = descriptors.socketpair();
    reactor.register(a, Interest.Readable, idle);
    const trace = reactor.trace({ level: 'probe' });
    reactor.turn(0);
    expect(eventsOfKind(trace, Kind.Level)).toHaveLength(1);
    expect(eventsOfKind(trace, Kind.Call)).toHaveLength(1); // the wait of the turn
  });
});

describe('counts', () => {
  it('has totals of each registration, and no events', () => {
    const [a, b] = descriptors.socketpair();
    const before = reactor.register(a, Interest.Writable, idle);
    const trace = reactor.trace({ level: 'counts' });
    reactor.turn(0);
    reactor.register(b, Interest.Writable, { onReady: (_, own) => void own.charge(5) });
    reactor.turn(0);
    before.close();
    trace.mark('end', b);
    const [stream] = trace.snapshot().streams;
    expect(stream).toMatchObject({ level: 'counts', dropped: 0, blocks: [], texts: ['end'] });
    expect(stream?.counts).toEqual({
      reactor: { bytes: 0, events: { 'wait-end': 2, 'wait-begin': 2, mark: 1 } },
      registrations: [
        {
          fd: a,
          slot: 0,
          generation: 0,
          bytes: 0,
          events: { report: 2, 'handler-begin': 2, 'handler-end': 2, release: 1 },
        },
        {
          fd: b,
          slot: 1,
          generation: 0,
          bytes: 5,
          events: { report: 1, 'handler-begin': 1, 'handler-end': 1, register: 1 },
        },
      ],
      earlier: { bytes: 0, events: {} },
    });
  });

  it('are moved away when a slot is used again, and reach over many slots', () => {
    const trace = reactor.trace({ level: 'counts' });
    const [first] = descriptors.socketpair();
    reactor.register(first, Interest.Writable, { onReady: (_, own) => void own.charge(9) });
    reactor.turn(0);
    reactor.registrationOf(first)?.close();
    const fds = Array.from({ length: 600 }, () => descriptors.socketpair()).flat();
    for (const fd of fds) reactor.register(fd, Interest.Readable, idle);
    const counts = trace.snapshot().streams[0]?.counts;
    expect(counts?.registrations.map(({ fd }) => fd)).toEqual(fds);
    expect(counts?.registrations[0]).toMatchObject({ generation: 1, bytes: 0 });
    expect(counts?.earlier).toMatchObject({ bytes: 9, events: { release: 1 } });
  });
});
