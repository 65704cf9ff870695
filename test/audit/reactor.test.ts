// `reactor.audit()`: for each code a short program that has it, and a twin that has not. Those of sockets
// that nothing watches, of duplicates and of listeners are in test/audit/sockets.test.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  bindDatagram,
  type Handler,
  Interest,
  openWriter,
  type Reactor,
  Readiness,
} from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { found, foundOf, reactorsOf } from './auditing.ts';

const isLinux = process.platform === 'linux';
const descriptors = useDescriptors();
const newReactor = reactorsOf(descriptors);
const { F_SETFL, F_DUPFD_CLOEXEC, SHUT_WR } = sys.constants;
const { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, EPOLLIN, EPOLLOUT } = sys.constants;
const memory = new Uint8Array(64);
const idle: Handler = { onReady: () => undefined };
const drain: Handler = {
  onReady(_, { fd }) {
    while (sys.recv(fd, memory) > 0);
  },
};
const readOnce: Handler = { onReady: (_, { fd }) => void sys.recv(fd, memory, 0, 1) };

/** The set of a reactor: the one that has an entry for `fd`. */
function setOf(reactor: Reactor): number {
  return reactor.audit().descriptors[0]?.set ?? -1;
}

describe.runIf(isLinux)('reactor.audit', () => {
  it('shows what kernel and registry have of each registration', () => {
    const reactor = newReactor();
    const [server, client] = descriptors.tcpPair();
    reactor.register(server, Interest.Readable | Interest.Writable, idle, { trigger: 'edge' });
    sys.send(client, new Uint8Array(9));
    const { pid, descriptors: all, totals } = reactor.audit();
    expect(pid).toBe(process.pid);
    expect(totals).toMatchObject({ sets: 1, entries: 1 });
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({
      fd: server,
      kind: 'socket',
      kernel: { names: 'IN|OUT|RDHUP|ET' },
      registry: { interest: 3, trigger: 'edge', isQueued: false, readiness: 3 },
      socket: { protocol: 'tcp', state: 'established', receiveQueue: 9, sendQueue: 0 },
    });
  });

  it.each([
    ['level', Interest.Readable],
    ['edge', Interest.Writable],
    ['oneshot', Interest.Readable | Interest.Priority],
    ['edge-oneshot', Interest.ReadClosed],
    ['level', Interest.None],
  ] as const)('knows the bits of %s and interest %i', (trigger, interest) => {
    const reactor = newReactor();
    const [, fd] = descriptors.socketpair();
    const registration = reactor.register(fd, interest, idle, { trigger });
    expect(found(reactor)).toEqual([]);
    registration.setInterest(Interest.Readable);
    registration.setTrigger('edge');
    expect(found(reactor)).toEqual([]);
  });

  it('knows the bits of an exclusive registration, waker, timer and signal', () => {
    const reactor = newReactor();
    const [, fd] = descriptors.socketpair();
    reactor.register(fd, Interest.Readable, idle, { exclusive: true });
    descriptors.using(reactor.createWaker(() => undefined));
    reactor.setTimeout(() => undefined, 1000);
    reactor.onSignal('SIGUSR1', () => undefined);
    reactor.turn(1);
    expect(found(reactor)).toEqual([]);
  });

  it('GHOST: closed before its registration, with a duplicate open', () => {
    const reactor = newReactor();
    const [, fd] = descriptors.socketpair();
    descriptors.track(must(sys.fcntl(fd, F_DUPFD_CLOEXEC, 200)));
    const registration = reactor.register(fd, Interest.Readable, idle);
    expect(found(reactor)).toEqual([]);
    descriptors.close(fd);
    expect(found(reactor)).toEqual([`GHOST ${fd}`]);
    expect(reactor.audit().descriptors[0]?.kind).toBe('closed');
    registration.close();
  });

  it('GHOST: the number is another file now', () => {
    const reactor = newReactor();
    const [, fd] = descriptors.socketpair();
    const [, other] = descriptors.socketpair();
    descriptors.track(must(sys.fcntl(fd, F_DUPFD_CLOEXEC, 200)));
    const registration = reactor.register(fd, Interest.Readable, idle);
    descriptors.close(fd);
    expect(descriptors.track(must(sys.fcntl(other, F_DUPFD_CLOEXEC, fd)))).toBe(fd);
    expect(foundOf('GHOST', reactor)).toEqual([fd]);
    registration.close();
  });

  it('FOREIGN: added behind the reactor', () => {
    const reactor = newReactor();
    const [own, other] = descriptors.socketpair();
    reactor.register(own, Interest.Readable, idle);
    const set = setOf(reactor);
    must(sys.epoll_ctl(set, EPOLL_CTL_ADD, other, EPOLLIN, 77));
    expect(found(reactor)).toEqual([`FOREIGN ${other}`]);
    must(sys.epoll_ctl(set, EPOLL_CTL_DEL, other));
    expect(found(reactor)).toEqual([]);
  });

  it('MISSING: the descriptor was closed behind the registration', () => {
    const reactor = newReactor();
    const [a, b] = descriptors.socketpair();
    reactor.register(a, Interest.Readable, idle);
    reactor.register(b, Interest.Readable, idle);
    expect(found(reactor)).toEqual([]);
    descriptors.close(b);
    expect(found(reactor)).toEqual([`MISSING ${b}`]);
  });

  it('MASK: changed behind the reactor', () => {
    const reactor = newReactor();
    const [fd] = descriptors.socketpair();
    const registration = reactor.register(fd, Interest.Readable, idle, { data: undefined });
    const set = setOf(reactor);
    const { slot, generation } = registration;
    const data = generation * 2 ** 32 + slot;
    must(sys.epoll_ctl(set, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT, data));
    const report = reactor.audit();
    const [mask] = report.findings.filter(({ code }) => code === 'MASK');
    expect(mask?.what).toBe('has IN|OUT in the set, not IN|RDHUP');
    registration.rearm();
    expect(found(reactor)).toEqual([]);
  });

  it('DISARMED: a oneshot that has fired', () => {
    const reactor = newReactor();
    const [peer, fd] = descriptors.socketpair();
    const registration = reactor.register(fd, Interest.Readable, drain, { trigger: 'oneshot' });
    expect(found(reactor)).toEqual([]);
    sys.send(peer, memory);
    reactor.turn(1000);
    expect(found(reactor)).toEqual([`DISARMED ${fd}`]);
    registration.rearm();
    expect(found(reactor)).toEqual([]);
  });

  it('UNARMED_WRITER: bytes are queued, and room is not waited for', () => {
    const reactor = newReactor();
    const [, fd] = descriptors.socketpair();
    const queue = { bytes: 5 };
    const handler: Handler = { ...idle, queuedBytes: () => queue.bytes };
    const registration = reactor.register(fd, Interest.Readable, handler);
    expect(found(reactor)).toEqual([`UNARMED_WRITER ${fd}`]);
    registration.setInterest(Interest.Readable | Interest.Writable);
    expect(found(reactor)).toEqual([]);
    registration.setInterest(Interest.Readable);
    queue.bytes = 0;
    expect(found(reactor)).toEqual([]);
  });

  it('UNARMED_WRITER of a datagram socket and of a pipe, which say what they have', () => {
    const reactor = newReactor();
    const [peer, end] = descriptors.pipe();
    const writer = openWriter(descriptors.release(end), { reactor, handlers: {} });
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-audit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'socket');
    const receiver = descriptors.using(bindDatagram({ path, reactor, handlers: {} }));
    receiver.pause();
    const sender = descriptors.using(bindDatagram({ path: `${path}2`, reactor, handlers: {} }));
    sender.connect({ path });
    expect(found(reactor)).toEqual([]);
    writer.write(Buffer.alloc(1 << 20));
    while (sender.queuedCount === 0) sender.send(Buffer.alloc(1000));
    const all = reactor.audit();
    const queued = (fd: number) =>
      all.descriptors.find((each) => each.fd === fd)?.registry?.queuedBytes;
    expect([queued(writer.fd), queued(sender.fd)]).toEqual([writer.writableLength, 1000]);
    expect(all.findings.filter(({ code }) => code === 'UNARMED_WRITER')).toEqual([]);
    for (const { fd } of [writer, sender]) {
      const { kernel, registry } = all.descriptors.find((each) => each.fd === fd) ?? {};
      const data = (registry?.generation ?? 0) * 2 ** 32 + (registry?.slot ?? 0);
      const mask = (kernel?.mask ?? 0) & ~EPOLLOUT;
      must(sys.epoll_ctl(setOf(reactor), EPOLL_CTL_MOD, fd, mask, data));
    }
    expect(foundOf('UNARMED_WRITER', reactor)).toEqual(
      [writer.fd, sender.fd].sort((a, b) => a - b),
    );
    writer.destroy();
    descriptors.close(peer);
  });

  it('ARMED_IDLE_WRITER: room is waited for with nothing queued', () => {
    const reactor = newReactor();
    const [, fd] = descriptors.socketpair();
    const handler: Handler = { ...idle, queuedBytes: () => 0 };
    const registration = reactor.register(fd, Interest.Writable, handler);
    expect(found(reactor)).toEqual([`ARMED_IDLE_WRITER ${fd}`]);
    registration.setTrigger('edge');
    expect(found(reactor)).toEqual([]);
  });

  it('ARMED_IDLE_WRITER of a handler that does not say what it has: the second time', () => {
    const reactor = newReactor();
    const [, fd] = descriptors.socketpair();
    reactor.register(fd, Interest.Writable, idle);
    expect([found(reactor), found(reactor)]).toEqual([[], []]);
    reactor.turn(0);
    expect(found(reactor)).toEqual([`ARMED_IDLE_WRITER ${fd}`]);
  });

  it('UNDRAINED: an edge that was read once', () => {
    const reactor = newReactor();
    const [server, client] = descriptors.tcpPair();
    reactor.register(server, Interest.Readable, readOnce, { trigger: 'edge' });
    sys.send(client, new Uint8Array(9));
    expect(found(reactor)).toEqual([]); // its report is on its way
    reactor.turn(1000);
    const undrained = () => reactor.audit().findings.find(({ code }) => code === 'UNDRAINED');
    const first = undrained();
    expect(first).toMatchObject({ fd: server });
    expect(first?.what).toContain('8 bytes left');
    expect(undrained()?.since).toBe(first?.since);
  });

  it('UNDRAINED: a twin that drains, and one that re-queues, have not', () => {
    const reactor = newReactor();
    const [server, client] = descriptors.tcpPair();
    const [peer, fd] = descriptors.socketpair();
    reactor.register(server, Interest.Readable, drain, { trigger: 'edge' });
    const requeue: Handler = { onReady: (_, registration) => registration.requeue() };
    reactor.register(fd, Interest.Readable, requeue, { trigger: 'edge' });
    sys.send(client, memory);
    sys.send(peer, memory);
    reactor.turn(1000);
    reactor.turn(0);
    expect(found(reactor)).toEqual([]);
  });

  it('UNDRAINED while the set has something to report: the second time, after a turn', () => {
    const reactor = newReactor();
    const [peer, fd] = descriptors.socketpair();
    const [busyPeer, busy] = descriptors.socketpair();
    reactor.register(fd, Interest.Readable, readOnce, { trigger: 'edge' });
    sys.send(peer, memory);
    reactor.turn(1000);
    reactor.register(busy, Interest.Readable, idle); // level: it is always reported
    sys.send(busyPeer, memory);
    expect(found(reactor)).toEqual([]);
    reactor.turn(0);
    expect(found(reactor)).toEqual([`UNDRAINED ${fd}`]);
  });

  it('UNREAD: paused when the peer ends', () => {
    const reactor = newReactor();
    const [server, client] = descriptors.tcpPair();
    const registration = reactor.register(server, Interest.None, idle);
    sys.send(client, new Uint8Array(9));
    expect(found(reactor)).toEqual([]);
    sys.shutdown(client, SHUT_WR);
    expect(found(reactor)).toEqual([`UNREAD ${server}`]);
    registration.setInterest(Interest.ReadClosed);
    expect(found(reactor)).toEqual([]);
  });

  it('BLOCKING', () => {
    const reactor = newReactor();
    const [, fd] = descriptors.socketpair();
    reactor.register(fd, Interest.Readable, idle);
    expect(found(reactor)).toEqual([]);
    must(sys.fcntl(fd, F_SETFL, 0));
    expect(found(reactor)).toEqual([`BLOCKING ${fd}`]);
  });

  it('takes no report away that waits in the set', () => {
    const reactor = newReactor();
    const [peer, fd] = descriptors.socketpair();
    const seen: Readiness[] = [];
    const handler: Handler = { onReady: (readiness) => void seen.push(readiness) };
    reactor.register(fd, Interest.Readable, handler, { trigger: 'edge' });
    sys.send(peer, memory);
    reactor.audit();
    reactor.turn(0);
    expect(seen).toEqual([Readiness.Readable]);
  });
});
