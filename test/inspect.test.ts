// What console.log shows of connections, listeners and the like: one line, with what is asked for first.
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { connect, listen, Poller, Reactor } from '../src/index.ts';
import { Mailbox, MailboxSender } from '../src/multi/index.ts';
import { Proactor } from '../src/proactor/index.ts';
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
