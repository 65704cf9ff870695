// What can be asked of connections: the state of TCP, the processor of the last packet, and which
// is at the other end of a Unix socket. On Linux the figures are compared with the kernel's own
// structure, member by member.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { itUncut } from '../../helpers/cuts.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const { constants } = sys;
const isLinux = process.platform === 'linux';
const directory = mkdtempSync(join(tmpdir(), 'edgewise-inspect-'));
afterAll(() => rmSync(directory, { recursive: true }));
let sockets = 0;

const MS_PER_US = 1000;
const segments = (info: sys.TcpInfo, count: number) => count * (info.sendMss as number);

/** Members of Linux's struct tcp_info by their place, which never changes; what they become here. */
const LINUX: readonly [
  name: Exclude<keyof sys.TcpInfo, 'state'>,
  at: number,
  bits: 8 | 32 | 64,
  convert?: (value: number, info: sys.TcpInfo) => number,
][] = [
  ['consecutiveTimeouts', 2, 8],
  ['retransmissionTimeoutMs', 8, 32, (us) => us / MS_PER_US],
  ['sendMss', 16, 32],
  ['receiveMss', 20, 32],
  ['unackedSegments', 24, 32],
  ['lostSegments', 32, 32],
  ['pathMtu', 60, 32],
  ['rttMs', 68, 32, (us) => us / MS_PER_US],
  ['rttVariationMs', 72, 32, (us) => us / MS_PER_US],
  [
    'slowStartThreshold',
    76,
    32,
    (count, info) => (count === 0x7fffffff ? Number.POSITIVE_INFINITY : segments(info, count)),
  ],
  ['congestionWindow', 80, 32, (count, info) => segments(info, count)],
  ['retransmittedSegments', 100, 32],
  ['pacingRate', 104, 64],
  ['bytesAcked', 120, 64],
  ['bytesReceived', 128, 64],
  ['segmentsSent', 136, 32],
  ['segmentsReceived', 140, 32],
  ['bytesNotSent', 144, 32],
  ['rttMinMs', 148, 32, (us) => us / MS_PER_US],
  ['deliveryRate', 160, 64],
  ['busyMs', 168, 64, (us) => us / MS_PER_US],
  ['receiveWindowLimitedMs', 176, 64, (us) => us / MS_PER_US],
  ['sendBufferLimitedMs', 184, 64, (us) => us / MS_PER_US],
  ['bytesSent', 200, 64],
  ['retransmittedBytes', 208, 64],
];

describe('the facts of a connection', () => {
  const descriptors = useDescriptors();

  async function pair(transport: 'tcp' | 'unix' = 'tcp', server = new Recorder()) {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const path = join(directory, `socket${sockets++}`);
    const { handlers } = server;
    const listener = descriptors.using(
      transport === 'tcp'
        ? listen({ host: '127.0.0.1', handlers, reactor, allowHalfOpen: true })
        : listen({ path, handlers, reactor }),
    );
    const target = transport === 'tcp' ? { host: '127.0.0.1', port: listener.port } : { path };
    const client = descriptors.using(new Recorder());
    const options = { ...target, handlers: client.handlers, reactor, allowHalfOpen: true };
    const connection = connect(options as { host: string; port: number; handlers: object });
    await client.opened();
    return { connection, client, server, peer: await server.opened(), listener };
  }

  itUncut('tcpInfo: what was sent and received, and the state', async () => {
    const { connection, peer, server } = await pair();
    connection.write(Buffer.alloc(100_000));
    while (peer.bytesRead < 100_000) await server.called('data', server.count('data') + 1);
    const [sender, receiver] = [connection.tcpInfo(), peer.tcpInfo()];
    expect(sender.state).toBe('established');
    expect(sender.rttMs).toBeGreaterThan(0);
    expect(sender.sendMss).toBeGreaterThan(500);
    expect(sender.congestionWindow).toBeGreaterThan(sender.sendMss as number);
    // What was lost is sent again, and counts again.
    const again = sender.retransmittedBytes ?? 0;
    expect((sender.bytesSent ?? 100_000 + again) - again).toBe(100_000);
    expect((sender.retransmittedSegments as number) > 0).toBe(again > 0);
    expect(receiver.bytesReceived ?? 100_000).toBe(100_000);
    if (!isLinux) return;
    expect(sender.bytesAcked).toBeGreaterThanOrEqual(100_000);
    expect(sender.deliveryRate).toBeGreaterThan(0);
    const missing = Object.entries(sender).filter(([, value]) => value === undefined);
    expect(missing.map(([name]) => name)).toEqual(['sendWindow', 'receiveWindow']);
  });

  it.runIf(isLinux && endianness() === 'LE')('tcpInfo is the TCP_INFO of the kernel', async () => {
    const { connection, server } = await pair();
    connection.write(Buffer.alloc(300_000));
    await server.called('data');
    const raw = Buffer.alloc(512);
    const { fd } = connection;
    // Nothing moves between two looks that are the same before and after.
    let info = connection.tcpInfo();
    let length = must(sys.getsockopt(fd, constants.IPPROTO_TCP, constants.TCP_INFO, raw));
    for (let i = 0; i < 1000 && !isSame(info, connection.tcpInfo()); i++) {
      info = connection.tcpInfo();
      length = must(sys.getsockopt(fd, constants.IPPROTO_TCP, constants.TCP_INFO, raw));
    }
    expect(length).toBeGreaterThanOrEqual(216);
    for (const [name, at, bits, convert] of LINUX) {
      const value =
        bits === 8
          ? raw.readUInt8(at)
          : bits === 32
            ? raw.readUInt32LE(at)
            : Number(raw.readBigUInt64LE(at));
      expect([name, info[name]]).toEqual([name, convert?.(value, info) ?? value]);
    }
  });

  it('tcpInfo follows the states of RFC 9293', async () => {
    const { connection, peer, client, server, listener } = await pair();
    const info = new sys.TcpInfo();
    must(sys.tcp_info(listener.fd, info));
    expect(info.state).toBe('listen');
    connection.end();
    await server.called('end');
    expect(connection.tcpInfo().state).toMatch(/^fin-wait-[12]$/);
    expect(peer.tcpInfo().state).toBe('close-wait');
    const fd = descriptors.dup(peer.fd);
    peer.end();
    await client.called('close');
    must(sys.tcp_info(fd, info));
    expect(info.state).toMatch(/^(last-ack|closed)$/);
  });

  it('peerCredentials are ours when we are both ends', async () => {
    const { connection, peer } = await pair('unix');
    const expected = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
    expect(connection.peerCredentials()).toEqual(expect.objectContaining(expected));
    expect(peer.peerCredentials()).toEqual(expect.objectContaining(expected));
  });

  it('incomingCpu is a processor of this machine', async () => {
    const { connection, peer, server } = await pair();
    connection.write('x');
    await server.called('data');
    const cpu = peer.incomingCpu;
    if (!isLinux) expect(cpu).toBe(undefined);
    else expect(cpu).toSatisfy((value: number) => value >= 0 && value < availableParallelism());
    peer.destroy();
    expect(peer.incomingCpu).toBe(undefined);
  });

  it('says so when it is asked of the wrong socket, too early or too late', async () => {
    const unix = await pair('unix');
    expect(codeOfThrown(() => unix.connection.tcpInfo())).toMatch(
      /^(EOPNOTSUPP|ENOTSUP|ENOPROTOOPT|EINVAL)$/,
    );
    const tcp = await pair('tcp');
    expect(codeOfThrown(() => tcp.connection.peerCredentials())).toMatch(/^(EOPNOTSUPP|ENOTSUP)$/);
    tcp.connection.destroy();
    expect(codeOfThrown(() => tcp.connection.tcpInfo())).toBe('ERR_CLOSED');
    expect(codeOfThrown(() => tcp.connection.peerCredentials())).toBe('ERR_CLOSED');
    const reactor = descriptors.using(new Reactor());
    const early = connect({ host: '127.0.0.1', port: 1, handlers: {}, reactor });
    expect(codeOfThrown(() => early.tcpInfo())).toBe('ENOTCONN');
    expect(codeOfThrown(() => early.peerCredentials())).toBe('ENOTCONN');
    expect(early.incomingCpu).toBe(undefined);
  });
});

function isSame(one: sys.TcpInfo, other: sys.TcpInfo): boolean {
  return LINUX.every(([name]) => one[name] === other[name]);
}

function codeOfThrown(action: () => unknown): string | undefined {
  try {
    action();
    return 'nothing was thrown';
  } catch (error) {
    return codeOf(error);
  }
}
