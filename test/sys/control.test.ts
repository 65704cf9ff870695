// Control messages beside those that edgewise asks for: what other options of a socket add.
import { expect, it } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';

const descriptors = useDescriptors();
const { AF_INET, AF_UNIX, IPPROTO_IP, IPPROTO_UDP, SOL_SOCKET } = sys.constants;
const { SOCK_DGRAM, SOCK_NONBLOCK, MSG_CTRUNC, MSG_TRUNC } = sys.constants;
const { SO_TIMESTAMPNS, SO_TIMESTAMPING, SO_RXQ_OVFL, UDP_GRO } = sys.constants;
const { IP_PKTINFO, IP_RECVTTL, IP_RECVTOS } = sys.constants;
const RX_SOFTWARE = 8 | 16; // SOF_TIMESTAMPING_RX_SOFTWARE and _SOFTWARE, linux/net_tstamp.h
const PASS_PIDFD = sys.constants.SO_PASSPIDFD ?? 76; // asm-generic/socket.h since Linux 6.5
const SEGMENT_BYTES = 100;
const isLinux = process.platform === 'linux';

/** A bound UDP socket with GRO and all that Linux reports beside, and one that sends to it. */
function talkative(): [server: number, client: number] {
  const { fd, address } = descriptors.udp();
  const reported: [level: number, name: number | undefined, value: number][] = [
    [IPPROTO_UDP, UDP_GRO, 1],
    [SOL_SOCKET, SO_TIMESTAMPNS, 1],
    [SOL_SOCKET, SO_TIMESTAMPING, RX_SOFTWARE],
    [SOL_SOCKET, SO_RXQ_OVFL, 1],
    [IPPROTO_IP, IP_PKTINFO, 1],
    [IPPROTO_IP, IP_RECVTTL, 1],
    [IPPROTO_IP, IP_RECVTOS, 1],
  ];
  for (const [level, name, value] of reported) {
    must(sys.setsockopt(fd, level, name as number, value));
  }
  const client = descriptors.track(sys.socket(AF_INET, SOCK_DGRAM));
  must(sys.connect(client, address));
  return [fd, client];
}

it.runIf(isLinux)('a joined message has its segment size beside whatever else is reported', () => {
  const [server, client] = talkative();
  const batch = new sys.MessageBatch(2, 65_535);
  const flow = Buffer.alloc(4 * SEGMENT_BYTES, 'flow');
  for (let round = 0; round < 2; round++) {
    must(sys.sendSegments(client, flow, undefined, undefined, SEGMENT_BYTES));
    expect(sys.recvmmsg(server, batch, 1)).toBe(1);
    expect([batch.lengths[0], batch.segmentSizes[0]]).toEqual([flow.length, SEGMENT_BYTES]);
    expect((batch.flags[0] as number) & (MSG_CTRUNC | MSG_TRUNC)).toBe(0);
  }
});

it.runIf(isLinux).each(['recvmsg', 'recvmmsg'])('%s closes a pidfd that came along', (call) => {
  const fds = new Int32Array(2);
  must(sys.socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds));
  const [ours, theirs] = [...fds].map((fd) => descriptors.track(fd)) as [number, number];
  if (sys.setsockopt(ours, SOL_SOCKET, PASS_PIDFD, 1) < 0) return; // an older kernel
  const message = new sys.ReceivedMessage(4);
  const batch = new sys.MessageBatch(4, 16);
  const carried = descriptors.dup(ours);
  for (const sent of [[], [carried], []]) {
    must(sys.sendmsg(theirs, { buffers: [Buffer.from('x')], descriptors: sent }));
    if (call === 'recvmsg') {
      expect(sys.recvmsg(ours, [Buffer.alloc(16)], message)).toBe(1);
      expect([message.descriptors.length, message.isControlTruncated]).toEqual([sent.length, true]);
      for (const fd of message.descriptors) descriptors.track(fd);
    } else {
      expect(sys.recvmmsg(ours, batch, 4)).toBe(1);
      expect((batch.flags[0] as number) & MSG_CTRUNC).toBe(MSG_CTRUNC);
    }
  }
});
