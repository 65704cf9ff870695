// What console.log shows of connections, listeners and the like: one line, with what is asked for first.
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { connect, listen, Reactor } from '../src/index.ts';
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
