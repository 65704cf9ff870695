// The system calls that look at a socket or a file without moving anything: tcp_info, getpeereid, pread.
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';

const { constants } = sys;

describe('tcp_info, getpeereid, pread', () => {
  const descriptors = useDescriptors();
  const name = (result: number) => sys.errnoName(result);

  it('tcp_info fills in what it is given, again and again', () => {
    const [server, client] = descriptors.tcpPair();
    const info = new sys.TcpInfo();
    expect(sys.tcp_info(server, info)).toBe(0);
    expect(info.state).toBe('established');
    must(sys.shutdown(client, constants.SHUT_WR));
    expect(sys.tcp_info(server, info)).toBe(0);
    expect(info.state).toBe('close-wait');
  });

  // Many figures are 0 on a loopback without losses: their order cannot be seen from outside.
  it('names the figures in the order of the native header', () => {
    const source = (path: string) =>
      readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    const [, header = ''] =
      /enum TcpFigure [^{]*\{([^}]*)kTcpFigureCount/.exec(source('native/core/socket_facts.h')) ??
      [];
    const [, list = ''] = /const FIGURES = \[([^\]]*)\]/.exec(source('src/sys/tcpinfo.ts')) ?? [];
    const native = [...header.matchAll(/^ {2}k(\w+),/gm)].map(([, each]) =>
      each?.replace(/Time$/, ''),
    );
    const names = [...list.matchAll(/'(\w+?)(Ms)?'/g)].map(([, each = '']) => each);
    expect([
      'TcpState',
      ...names.map((each) => each.replace(/^./, (c) => c.toUpperCase())),
    ]).toEqual(native);
    expect(names).toHaveLength(Object.keys(new sys.TcpInfo()).length - 1);
  });

  it('tcp_info says what is no TCP socket, and leaves the rest as it was', () => {
    const info = new sys.TcpInfo();
    const [left] = descriptors.socketpair();
    const [reader] = descriptors.pipe();
    expect(name(sys.tcp_info(left, info))).toMatch(/^(EOPNOTSUPP|ENOTSUP|ENOPROTOOPT|EINVAL)$/);
    expect(name(sys.tcp_info(reader, info))).toBe('ENOTSOCK');
    expect(name(sys.tcp_info(0x7fffffff, info))).toBe('EBADF');
    expect(info).toEqual(new sys.TcpInfo());
  });

  it('getpeereid reports the process that made a pair', () => {
    const credentials = new sys.PeerCredentials();
    const [left] = descriptors.socketpair();
    expect(sys.getpeereid(left, credentials)).toBe(0);
    expect(credentials).toEqual(
      expect.objectContaining({
        pid: process.pid,
        uid: process.getuid?.(),
        gid: process.getgid?.(),
      }),
    );
  });

  it('getpeereid says when there is no peer, or none that it knows', () => {
    const credentials = new sys.PeerCredentials();
    const [server] = descriptors.tcpPair();
    const [reader] = descriptors.pipe();
    const alone = descriptors.track(sys.socket(constants.AF_UNIX, constants.SOCK_STREAM));
    expect(name(sys.getpeereid(server, credentials))).toMatch(/^(EOPNOTSUPP|ENOTSUP)$/);
    expect(name(sys.getpeereid(alone, credentials))).toBe('ENOTCONN');
    expect(name(sys.getpeereid(reader, credentials))).toBe('ENOTSOCK');
    expect(credentials).toEqual(new sys.PeerCredentials());
  });

  it('pread reads at a place and leaves the position alone', () => {
    const directory = mkdtempSync(join(tmpdir(), 'edgewise-pread-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'file'), '0123456789');
    const file = descriptors.trackFile(openSync(join(directory, 'file'), 'r'));
    const room = Buffer.alloc(8, '.');
    expect(sys.pread(file, room, 4, 2, 3)).toBe(3);
    expect(room.toString()).toBe('..456...');
    expect(sys.pread(file, room, 8)).toBe(2);
    expect(sys.pread(file, room, 10)).toBe(0);
    expect(sys.pread(file, room, 2 ** 40)).toBe(0);
    expect(sys.read(file, room)).toBe(8);
    expect(room.toString()).toBe('01234567');
    const [reader] = descriptors.pipe();
    expect(name(sys.pread(reader, room, 0))).toBe('ESPIPE');
  });
});
