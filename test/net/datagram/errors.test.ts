// What the network says of datagrams: the error queue (IP_RECVERR, IPV6_RECVERR; Linux). Errors that
// loopback does not make are sent by hand, as ICMP messages, where this process may (CAP_NET_RAW).
import { describe, expect, it } from 'vitest';
import { Poller } from '../../../src/poller/poller.ts';
import type { ReactorOptions } from '../../../src/reactor/options.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { datagramWorld, HOST, Inbound } from '../inbound.ts';
import { codeOf } from '../recorder.ts';

const { constants } = sys;
const isLinux = constants.IP_RECVERR !== undefined;
const ICMP_UNREACHABLE = 3;
const HOST_UNREACHABLE = 1;
const FRAGMENTATION_NEEDED = 4;
const DISCARD_PORT = 9; // discard: nothing listens there in a test

function canSendRaw(): boolean {
  const fd = sys.socket(constants.AF_INET, constants.SOCK_RAW, constants.IPPROTO_ICMP);
  if (fd >= 0) must(sys.close(fd));
  else console.log(`SKIPPED: ICMP by hand, a raw socket is ${sys.errnoName(fd)}`);
  return fd >= 0;
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** Reports to the sender on `port` that its datagram to `to` (over loopback) met an error. */
function sendIcmp(port: number, to: sys.InetAddress, code: number, mtu = 0): void {
  const bytes = Buffer.alloc(8 + 20 + 8);
  bytes.set([ICMP_UNREACHABLE, code]);
  bytes.writeUInt16BE(mtu, 6);
  const loopback = [127, 0, 0, 1];
  const destination = to.address.split('.').map(Number);
  const header = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, constants.IPPROTO_UDP, 0, 0];
  bytes.set([...header, ...loopback, ...destination], 8);
  bytes.writeUInt16BE(port, 28);
  bytes.writeUInt16BE(to.port ?? 0, 30);
  bytes.writeUInt16BE(8, 32);
  bytes.writeUInt16BE(checksum(bytes), 2);
  const fd = must(sys.socket(constants.AF_INET, constants.SOCK_RAW, constants.IPPROTO_ICMP));
  try {
    must(sys.sendto(fd, bytes, undefined, undefined, undefined, { address: HOST }));
  } finally {
    must(sys.close(fd));
  }
}

/** A socket that writes down whole errors. */
class Reported {
  readonly errors: Error[] = [];
  readonly handlers = { error: (_: unknown, error: Error) => void this.errors.push(error) };
}

describe.runIf(isLinux).each(['level', 'edge'] as const)('%s: the error queue', (trigger) => {
  const descriptors = useDescriptors();
  const start = (options: ReactorOptions = {}) => datagramWorld(descriptors, trigger, options);

  it.each([
    ['IPv4', HOST, HOST],
    ['IPv6', '::1', '::1'],
    ['IPv4 of a socket for both', '::', '::ffff:127.0.0.1'],
  ] as const)('%s: a refused datagram is reported once, with its address', (_, host, address) => {
    const { reactor, bind, turnUntil } = start();
    const reported = new Reported();
    const client = bind(reported.handlers, { host, errorQueue: true });
    const to = { address, port: DISCARD_PORT };
    expect(client.send('to no one', to)).toBe(true);
    turnUntil(() => reported.errors.length === 1);
    expect(reported.errors[0]).toMatchObject({ code: 'ECONNREFUSED', syscall: 'send', ...to });
    const { waits } = reactor.stats;
    reactor.turn(0);
    expect(reactor.stats.waits).toBe(waits + 1);
    expect(reactor.turn(0)).toBe(0); // nothing is left to report
    expect(client.stats).toMatchObject({ errors: 1, sendFailed: 0, messagesSent: 1 });
  });

  it('sends meet the pending error: each is reported once, and each datagram is sent', () => {
    const { bind, turnUntil } = start();
    const reported = new Reported();
    const inbound = new Inbound();
    const server = bind(inbound.handlers);
    const client = bind(reported.handlers, { errorQueue: true });
    for (let i = 0; i < 10; i++) {
      client.send('to no one', { address: HOST, port: DISCARD_PORT });
      client.send(`${i}`, server.address);
    }
    turnUntil(() => inbound.messages.length === 10 && reported.errors.length >= 1);
    expect(inbound.messages).toEqual([...Array(10).keys()].map(String));
    expect(reported.errors.map(codeOf)).toEqual(reported.errors.map(() => 'ECONNREFUSED'));
    // The kernel limits how many ICMP messages it sends.
    expect(reported.errors.length).toBeLessThanOrEqual(10);
    expect(client.stats).toMatchObject({ messagesSent: 20, sendFailed: 0 });
    expect(client.stats.errors).toBe(reported.errors.length);
  });

  it('a connected socket: reported once as well', () => {
    const { reactor, bind, turnUntil } = start();
    const reported = new Reported();
    const client = bind(reported.handlers, { errorQueue: true });
    client.connect({ address: HOST, port: DISCARD_PORT });
    client.send('to no one');
    turnUntil(() => reported.errors.length === 1);
    reactor.turn(0);
    expect(reported.errors.map(codeOf)).toEqual(['ECONNREFUSED']);
  });

  it('what the kernel itself refuses is reported by the send alone', () => {
    const { reactor, bind, turnUntil } = start();
    const reported = new Reported();
    const client = bind(reported.handlers, { errorQueue: true });
    expect(client.send(new Uint8Array(65_508), client.address)).toBe(false);
    turnUntil(() => reported.errors.length === 1);
    reactor.turn(0);
    expect(reported.errors.map(codeOf)).toEqual(['EMSGSIZE']);
    expect(client.stats.errors).toBe(1);
  });

  it('a paused socket reports them too, and does not spin', () => {
    const { reactor, bind } = start();
    const reported = new Reported();
    const client = bind(reported.handlers, { errorQueue: true });
    client.pause();
    for (let i = 0; i < 3; i++) client.send('x', { address: HOST, port: DISCARD_PORT });
    let count = 0;
    for (let i = 0; i < 10; i++) count += reactor.turn(0);
    expect(count).toBeLessThanOrEqual(3);
    expect(reported.errors).toHaveLength(3);
    for (const error of reported.errors) expect(error).toMatchObject({ port: DISCARD_PORT });
    client.resume();
    for (let i = 0; i < 5; i++) reactor.turn(0);
    expect(reactor.turn(0)).toBe(0);
  });

  it.runIf(canSendRaw())('EHOSTUNREACH and EMSGSIZE, with address and MTU', () => {
    const { bind, turnUntil } = start();
    const reported = new Reported();
    const client = bind(reported.handlers, { errorQueue: true });
    const to = { address: '127.0.0.77', port: 4711 };
    sendIcmp(client.port, to, HOST_UNREACHABLE);
    turnUntil(() => reported.errors.length === 1);
    sendIcmp(client.port, to, FRAGMENTATION_NEEDED, 1400);
    turnUntil(() => reported.errors.length === 2);
    expect(reported.errors[0]).toMatchObject({ code: 'EHOSTUNREACH', ...to });
    expect(reported.errors[1]).toMatchObject({ code: 'EMSGSIZE', ...to, mtu: 1400 });
    expect(reported.errors[0]).not.toHaveProperty('mtu');
  });
});

describe('the error queue', () => {
  const descriptors = useDescriptors();

  it.runIf(isLinux).each(Poller.backends)('%s: is emptied, and does not spin', (backend) => {
    const { reactor, bind, turnUntil } = datagramWorld(descriptors, 'level', { backend });
    const reported = new Reported();
    const client = bind(reported.handlers, { errorQueue: true });
    client.send('to no one', { address: HOST, port: DISCARD_PORT });
    turnUntil(() => reported.errors.length === 1);
    expect(reported.errors.map(codeOf)).toEqual(['ECONNREFUSED']);
    reactor.turn(0);
    expect(reactor.turn(0)).toBe(0);
  });

  it('a Unix socket has none, nor has another system', () => {
    const { bind } = datagramWorld(descriptors, 'level');
    const options = isLinux ? { abstract: 'edgewise-no-errors' } : {};
    expect(() => bind({}, { ...options, errorQueue: true })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_UNSUPPORTED' }),
    );
  });

  it('sys.receiveError: an empty queue would block, a payload comes back', () => {
    const entry = new sys.ExtendedError();
    const { fd } = descriptors.udp();
    if (!isLinux) {
      expect(sys.errnoName(sys.receiveError(fd, entry))).toBe('ENOSYS');
      return;
    }
    expect(sys.receiveError(fd, entry)).toBe(sys.WOULD_BLOCK);
    must(sys.setsockopt(fd, constants.IPPROTO_IP, constants.IP_RECVERR, 1));
    const bytes = Buffer.from('to no one');
    const to = { address: HOST, port: DISCARD_PORT };
    must(sys.sendto(fd, bytes, undefined, undefined, undefined, to));
    const payload = Buffer.alloc(4);
    expect(sys.receiveError(fd, entry, payload)).toBe(4);
    expect(payload.toString()).toBe('to n');
    expect(entry).toMatchObject({ origin: constants.SO_EE_ORIGIN_ICMP, type: 3, code: 3, info: 0 });
    expect(sys.errnoName(-entry.errno)).toBe('ECONNREFUSED');
    expect(entry.isTruncated).toBe(true);
    expect(entry.to.toString()).toBe(`${HOST}:${DISCARD_PORT}`);
    expect(entry.reporter.address).toBe(HOST);
    expect(sys.receiveError(fd, entry)).toBe(sys.WOULD_BLOCK);
  });
});
