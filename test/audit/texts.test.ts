// What the texts of /proc say, by texts of a kernel 6.18 and of older ones.
import { describe, expect, it } from 'vitest';
import {
  inodeOfLink,
  parseCpuTicks,
  parseDescriptorInfo,
  parseInetSockets,
  parseUnixSockets,
  parseWaitedSet,
  type SocketFacts,
} from '../../src/audit/texts.ts';

const SET = `pos:\t0
flags:\t02000002
mnt_id:\t17
ino:\t1038
tfd:       19 events:       19 data:               13  pos:0 ino:5ee4f8 sdev:9
tfd:       15 events: 80002019 data:        700000005  pos:0 ino:5ee4f3 sdev:f
`;

describe('fdinfo', () => {
  it('has flags, inode and the entries of a set', () => {
    expect(parseDescriptorInfo(SET)).toEqual({
      flags: 0o2000002,
      inode: 1038,
      entries: [
        { fd: 19, events: 0x19, data: [0x13, 0], inode: 0x5ee4f8 },
        { fd: 15, events: 0x80002019, data: [5, 7], inode: 0x5ee4f3 },
      ],
    });
  });

  it('of an old kernel has no inode', () => {
    const text = 'pos:\t0\nflags:\t0104002\nmnt_id:\t9\ntfd: 5 events: 1 data: ffffffffffffffff\n';
    expect(parseDescriptorInfo(text)).toEqual({
      flags: 0o104002,
      inode: undefined,
      entries: [{ fd: 5, events: 1, data: [0xffffffff, 0xffffffff], inode: 0 }],
    });
  });

  it.each(['', 'tfd:', 'tfd: x events: y', '\0\xff'])('takes %j for nothing', (text) => {
    expect(parseDescriptorInfo(text)).toEqual({ flags: 0, inode: undefined, entries: [] });
  });
});

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 1061 1 0 100 0 0 10 0
   1: 9600007F:6602 0100007F:B2FD 06 00000000:00000000 03:0000027D 00000000     0        0 0 3 0
   2: 0100007F:07E8 0100007F:B2FD 08 00000010:00000384 00:00000000 00000000     0        0 1062 1 0 20 4 30 10 -1
`;

describe('sockets', () => {
  it('of TCP: state, and the queues of bytes or of connections', () => {
    const table = new Map<number, SocketFacts>();
    parseInetSockets(TCP, 'tcp', table);
    expect([...table]).toEqual([
      [1061, { protocol: 'tcp', state: 'listening', receiveQueue: 3, sendQueue: 0 }],
      [1062, { protocol: 'tcp', state: 'close-wait', receiveQueue: 900, sendQueue: 16 }],
    ]);
  });

  it('of UDP: no state', () => {
    const table = new Map<number, SocketFacts>();
    parseInetSockets(TCP, 'udp', table);
    expect(table.get(1061)).toMatchObject({ protocol: 'udp', state: 'other', receiveQueue: 3 });
  });

  it('of Unix: no queues', () => {
    const table = new Map<number, SocketFacts>();
    const text = `Num       RefCount Protocol Flags    Type St Inode Path
00000000e2: 00000002 00000000 00010000 0001 01 17 /run/a b
00000000e3: 00000003 00000000 00000000 0001 03 18
`;
    parseUnixSockets(text, table);
    const queues = { receiveQueue: undefined, sendQueue: undefined };
    expect([...table]).toEqual([
      [17, { protocol: 'unix', state: 'listening', ...queues }],
      [18, { protocol: 'unix', state: 'established', ...queues }],
    ]);
  });

  it('none in no text', () => {
    const table = new Map<number, SocketFacts>();
    for (const text of ['', 'head\n', 'head\nx y\n']) {
      parseInetSockets(text, 'tcp', table);
      parseUnixSockets('', table);
    }
    expect(table.size).toBe(0);
  });
});

describe('links, CPU time, waits', () => {
  it.each([
    ['socket:[17]', 17],
    ['pipe:[18]', 18],
    ['anon_inode:[eventpoll]', undefined],
    ['/tmp/socket:[17]', undefined],
  ])('%s', (link, inode) => expect(inodeOfLink(link)).toBe(inode));

  it('CPU time, whatever the program is called', () => {
    const text = '9 (a) R (b) S 1 9 5901 0 -1 4194304 104 0 0 0 30 12 0 0 20 0 11 0 2533';
    expect(parseCpuTicks(text)).toBe(42);
  });

  it.each([
    ['232 0x3 0x7ffc 0x1', 'x64', 3],
    ['281 0xe 0x7ffc 0x1', 'x64', 14],
    ['441 0x5 0x7ffc 0x1', 'arm64', 5],
    ['0 0x3 0x7fe4', 'x64', -1],
    ['running', 'x64', -1],
    ['232 0x3', 'mips', undefined],
  ])('%s on %s', (text, architecture, set) => {
    expect(parseWaitedSet(text, architecture)).toBe(set);
  });
});
