// `reactor.audit()`: sockets that nothing watches, files under two numbers, queues of listeners, and what
// is not wrong. test/audit/reactor.test.ts has the other codes.
import { once } from 'node:events';
import {
  connect as connectNode,
  createServer,
  type AddressInfo as NodeAddress,
  type Socket,
} from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  type AnyConnection,
  connect,
  type Handler,
  type InetAddress,
  Interest,
  listen,
  Reactor,
} from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { found, foundOf, reactorsOf } from './auditing.ts';

const isLinux = process.platform === 'linux';
const descriptors = useDescriptors();
const newReactor = reactorsOf(descriptors);
const { F_SETFL, F_DUPFD_CLOEXEC, AF_INET, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
const idle: Handler = { onReady: () => undefined };
const loopback = { host: '127.0.0.1', port: 0 };

describe.runIf(isLinux)('reactor.audit', () => {
  it('UNWATCHED: a connection that was forgotten', () => {
    const reactor = newReactor();
    const [server, client] = descriptors.tcpPair();
    expect(foundOf('UNWATCHED', reactor)).toEqual([]); // it may be on its way
    reactor.turn(0);
    expect(foundOf('UNWATCHED', reactor)).toEqual([client, server].sort((a, b) => a - b));
    reactor.register(server, Interest.Readable, idle);
    expect(foundOf('UNWATCHED', reactor)).toEqual([client]);
    must(sys.fcntl(client, F_SETFL, 0));
    expect(foundOf('UNWATCHED', reactor)).toEqual([]); // its calls wait for it
  });

  it('UNWATCHED: paused sockets of libuv have not', async () => {
    const reactor = newReactor();
    const server = createServer({ pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connectNode((server.address() as NodeAddress).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    reactor.audit();
    reactor.turn(0);
    const unwatched = foundOf('UNWATCHED', reactor);
    client.destroy();
    socket.destroy();
    server.close();
    await once(server, 'close');
    expect(unwatched).toEqual([]);
  });

  it('DUPLICATE', () => {
    const reactor = newReactor();
    const [, fd] = descriptors.socketpair();
    const twin = descriptors.track(must(sys.fcntl(fd, F_DUPFD_CLOEXEC, fd)));
    reactor.register(fd, Interest.Readable, idle);
    expect(found(reactor)).toEqual([]);
    const registration = reactor.register(twin, Interest.Readable, idle);
    expect(found(reactor)).toEqual([`DUPLICATE ${twin}`]);
    registration.close();
    expect(found(reactor)).toEqual([]);
  });

  it('DUPLICATE: the two ends of a pipe have not', () => {
    const reactor = newReactor();
    const [reader, writer] = descriptors.pipe();
    reactor.register(reader, Interest.Readable, idle);
    reactor.register(writer, Interest.None, idle);
    expect(found(reactor)).toEqual([]);
  });

  it('BACKLOG: connections that wait from one turn to the next', () => {
    const reactor = newReactor();
    const { fd: listener, address } = descriptors.listener();
    const client = descriptors.track(sys.socket(AF_INET, SOCK_STREAM));
    const registration = reactor.register(listener, Interest.None, idle);
    must(sys.connect(client, address));
    expect(found(reactor)).toEqual([]);
    reactor.turn(0);
    expect(found(reactor)).toEqual([`BACKLOG ${listener}`]);
    descriptors.track(must(sys.accept4(listener, undefined, SOCK_NONBLOCK)));
    expect(foundOf('BACKLOG', reactor)).toEqual([]);
    registration.close();
  });

  it('finds nothing in the net layer, paused and with a queue', () => {
    const reactor = newReactor();
    const open = (connection: AnyConnection) => connection.pause();
    const listener = listen({ ...loopback, reactor, handlers: { open } });
    const { port = 0 } = listener.address as InetAddress;
    const peer = connect({ host: '127.0.0.1', port, reactor, handlers: {} });
    peer.write(new Uint8Array(8 << 20));
    for (let turn = 0; turn < 5; turn++) reactor.turn(10);
    expect(peer.writableLength).toBeGreaterThan(0);
    expect(found(reactor)).toEqual([]);
    listener.close();
  });

  it('says what it cannot audit', () => {
    const reactor = descriptors.using(new Reactor({ backend: 'poll' }));
    expect(() => reactor.audit()).toThrow(
      expect.objectContaining({ code: 'ERR_AUDIT_UNSUPPORTED' }),
    );
    reactor.close();
    expect(() => reactor.audit()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });
});
