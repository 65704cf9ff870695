// What console.log shows of connections, listeners and the like: one line, with what is asked for first.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import {
  bindDatagram,
  connect,
  Interest,
  listen,
  openReader,
  openWriter,
  Poller,
  Reactor,
  watchExit,
} from '../src/index.ts';
import { Mailbox, MailboxSender } from '../src/multi/index.ts';
import { Server, type ServerOptions, type Socket } from '../src/node-net/index.ts';
import { Proactor } from '../src/proactor/index.ts';
import { toDuplex } from '../src/stream/index.ts';
import { useDescriptors } from './helpers/descriptors.ts';

const descriptors = useDescriptors();

it('shows each object on one line, with its class, descriptor, addresses and state', () => {
  const reactor = descriptors.using(new Reactor());
  const listener = descriptors.using(listen({ host: '127.0.0.1', reactor, handlers: {} }));
  const connection = connect({ host: '127.0.0.1', port: listener.port, reactor, handlers: {} });
  expect(inspect(connection)).toBe('Connection { fd: -1, connecting, unsent: 0 }');
  while (connection.isConnecting) reactor.turn(1000);
  const { fd, localAddress } = connection;
  const remote = `127.0.0.1:${listener.port}`;
  expect(inspect({ connection })).toContain(
    `Connection { fd: ${fd}, remote: ${remote}, local: ${localAddress}, unsent: 0 }`,
  );
  expect(inspect(listener)).toMatch(/^Listener \{ fd: \d+, address: 127\.0\.0\.1:\d+, /);
  const timer = reactor.setTimeout(() => undefined, 5);
  for (const each of [reactor, timer, listener, connection]) {
    expect(inspect(each)).toMatch(/^\w+ \{ .{1,120} \}$/);
  }
  connection.destroy(new Error('enough'));
  expect(inspect(connection)).toContain('closed, unsent: 0, error: Error: enough');
});

it('shows a poller, a proactor and its descriptors, and both sides of a mailbox', () => {
  const reactor = descriptors.using(new Reactor());
  const poller = descriptors.using(new Poller());
  const proactor = new Proactor({ reactor });
  const [fd] = descriptors.socketpair();
  const descriptor = proactor.open(fd);
  const mailbox = descriptors.using(new Mailbox({ reactor, onMessage: () => undefined }));
  const sender = descriptors.using(new MailboxSender(mailbox.address));
  expect(inspect(poller)).toBe(`Poller { backend: ${poller.backend} }`);
  expect(inspect(proactor)).toBe('Proactor { trigger: level, descriptors: 1, pending: 0 }');
  expect(inspect(descriptor)).toBe(`Descriptor { fd: ${fd} }`);
  expect(inspect(mailbox)).toBe('Mailbox { received: 0, drains: 0 }');
  const { messageBytesMax } = sender;
  expect(inspect(sender)).toBe(`MailboxSender { lane: 0, messageBytesMax: ${messageBytesMax} }`);
  for (const each of [sender, mailbox, proactor, poller]) {
    each.close();
    expect(inspect(each)).toMatch(/, closed \}$/);
  }
  expect(inspect(descriptor)).toBe(`Descriptor { fd: ${fd}, closed }`);
});

it('shows what a reactor and a listener have done', () => {
  const reactor = descriptors.using(new Reactor());
  const { backend } = reactor;
  reactor.setTimeout(() => undefined, 1000);
  reactor.turn(0);
  expect(inspect(reactor)).toBe(
    `Reactor { backend: ${backend}, registrations: 0, timers: 1, turns: 1 }`,
  );
  const trace = reactor.trace();
  expect(inspect(trace)).toBe('Trace { level: events, dropped: 0 }');
  expect(inspect(reactor)).toContain(', traced }');
  trace.close();
  expect(inspect(trace)).toMatch(/, closed \}$/);
  const listener = descriptors.using(listen({ host: '127.0.0.1', reactor, handlers: {} }));
  const clients = [1, 2].map(() =>
    connect({ host: '127.0.0.1', port: listener.port, reactor, handlers: {} }),
  );
  while (listener.stats.accepted < 2) reactor.turn(1000);
  clients[0]?.destroy();
  while (listener.connections.size > 1) reactor.turn(1000);
  expect(inspect(listener)).toMatch(/, accepted: 2, connections: 1 \}$/);
});

it('shows datagram sockets, readers, writers, relays, exits and registrations', () => {
  const reactor = descriptors.using(new Reactor());
  const socket = descriptors.using(bindDatagram({ host: '127.0.0.1', reactor, handlers: {} }));
  const { fd, address } = socket;
  expect(inspect(socket)).toBe(`DatagramSocket { fd: ${fd}, address: ${address}, queued: 0 }`);
  const [reading, writing] = descriptors.pipe().map((end) => descriptors.release(end));
  const reader = descriptors.using(openReader(reading as number, { reactor, handlers: {} }));
  const writer = descriptors.using(openWriter(writing as number, { reactor, handlers: {} }));
  expect(inspect(reader)).toBe(`DescriptorReader { fd: ${reading}, bytesRead: 0 }`);
  expect(inspect(writer)).toBe(
    `DescriptorWriter { fd: ${writing}, bytesWritten: 0, unwritten: 0 }`,
  );
  const exit = descriptors.using(watchExit(process.pid, { reactor }, () => undefined));
  expect(inspect(exit)).toBe(`ExitWatch { pid: ${process.pid} }`);
  const [watched] = descriptors.socketpair();
  const registration = reactor.register(watched, Interest.Readable, { onReady: () => undefined });
  const text = `Registration { fd: ${watched}, interest: Readable, trigger: level }`;
  expect(inspect(registration)).toBe(text);
});

it('shows streams, and sockets and servers of edgewise/net, with the name of their class', async () => {
  const reactor = descriptors.using(new Reactor());
  reactor.attach();
  class Mine extends Server {}
  const server = new Mine({ reactor } as ServerOptions);
  expect(inspect(server)).toBe('Mine { connections: 0 }');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(inspect(server)).toBe(`Mine { address: 127.0.0.1, port: ${port}, connections: 0 }`);
  const raw = connect({ host: '127.0.0.1', port, reactor, handlers: {} });
  const [socket] = (await once(server, 'connection')) as [Socket];
  expect(inspect(socket)).toMatch(/^Socket \{ remote: 127\.0\.0\.1:\d+, local: /);
  expect(inspect(socket)).toContain(`local: 127.0.0.1:${port}, open, bytesRead: 0, unsent: 0 }`);
  socket.destroy();
  expect(inspect(socket)).toContain('destroyed, bytesRead: 0');
  expect(inspect(toDuplex(raw))).toMatch(/^SocketDuplex \{ remote: /);
  server.close();
  raw.destroy();
  await once(server, 'close');
  reactor.detach();
});
