// What our own suites have found wrong in the simulated kernel, when they ran over it.
import { closeSync, openSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { Interest } from '../../src/index.ts';
import { native } from '../../src/native.ts';
import { Poller } from '../../src/poller/poller.ts';
import * as sys from '../../src/sys/index.ts';
import { REFUSED } from '../../src/validate.ts';
import { must } from '../helpers/descriptors.ts';
import { useMachine } from './kernel/use-machine.ts';

const { AF_INET, AF_INET6, SOCK_STREAM, SOCK_NONBLOCK, IPPROTO_IPV6, IPV6_V6ONLY } = sys.constants;
const TYPE = SOCK_STREAM | SOCK_NONBLOCK;

function pollerOf(): Poller {
  const poller = new Poller();
  onTestFinished(() => poller.close());
  return poller;
}

function listenerAt(address: string, port: number, ipv6Only = 0): number {
  const fd = must(sys.socket(address.includes(':') ? AF_INET6 : AF_INET, TYPE));
  if (address.includes(':')) must(sys.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, ipv6Only));
  must(sys.bind(fd, { address, port }));
  must(sys.listen(fd, 5));
  return fd;
}

/** The errno of a connect to a port, and the socket. */
function connectTo(address: string, port: number): [error: number, fd: number] {
  const fd = must(sys.socket(address.includes(':') ? AF_INET6 : AF_INET, TYPE));
  sys.connect(fd, { address, port });
  const poller = pollerOf();
  poller.add(fd, 1, Interest.Writable);
  expect(poller.wait(-1)).toBe(1);
  const error = new Int32Array(1);
  must(sys.getsockopt(fd, sys.constants.SOL_SOCKET, sys.constants.SO_ERROR, error));
  return [error[0] ?? 0, fd];
}

test('a wildcard of IPv6 takes IPv4 too, unless it is for IPv6 alone', () => {
  useMachine();
  listenerAt('::', 7001);
  listenerAt('::', 7002, 1);
  listenerAt('0.0.0.0', 7003);
  const reached = (port: number) =>
    ['127.0.0.1', '::1'].map((address) => connectTo(address, port)[0] === 0);
  expect([reached(7001), reached(7002), reached(7003)]).toEqual([
    [true, true],
    [false, true],
    [true, false],
  ]);
  listenerAt('0.0.0.0', 7002); // what the one for IPv6 leaves free
});

test('files of the real kernel are refused by a poller as epoll does', () => {
  useMachine();
  const fd = openSync(import.meta.filename, 'r');
  const poller = pollerOf();
  const code = (value: string) => expect.objectContaining({ code: value });
  expect(() => poller.add(fd, 1, Interest.Readable)).toThrow(code('EPERM'));
  expect(() => poller.remove(fd)).toThrow(code('ENOENT'));
  closeSync(fd);
  expect(() => poller.add(fd, 1, Interest.Readable)).toThrow(code('EBADF'));
});

test('busy polling is not promised', () => {
  useMachine();
  expect(Poller.capabilitiesOf('epoll').busyPoll).toBe(false);
});

test('what is made from a poller is none', () => {
  useMachine();
  expect(native.createWaker(Object.create(pollerOf().handle))).toBe(REFUSED);
});

test('a connection passes the states of TCP', () => {
  useMachine();
  const listener = listenerAt('127.0.0.1', 7004);
  const [, client] = connectTo('127.0.0.1', 7004);
  const server = must(sys.accept4(listener, null, 0));
  const info = new sys.TcpInfo();
  const stateOf = (fd: number) => {
    must(sys.tcp_info(fd, info));
    return info.state;
  };
  expect([listener, client, server].map(stateOf)).toEqual(['listen', 'established', 'established']);
  must(sys.shutdown(client, sys.constants.SHUT_WR));
  expect([client, server].map(stateOf)).toEqual(['fin-wait-2', 'close-wait']);
  must(sys.shutdown(server, sys.constants.SHUT_WR));
  expect([client, server].map(stateOf)).toEqual(['closed', 'closed']);
});
