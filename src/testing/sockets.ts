// The sockets of a simulated machine as netstat(8) shows them: a row each.
import type { Machine } from './kernel/machine.ts';
import { Socket } from './kernel/socket.ts';

/** A socket of the program. */
export interface SocketRow {
  /** Its number. */
  readonly fd: number;
  /** What it is. */
  readonly kind: 'tcp' | 'udp' | 'unix' | 'unix-datagram';
  /** `'closing'`: one of the ends has sent its last. Of datagrams: whether connect was called. */
  readonly state: 'new' | 'listening' | 'connecting' | 'connected' | 'closing' | 'closed';
  /** Its address, such as `'127.0.0.1:7007'`, or a path. */
  readonly local: string;
  /** That of its peer; '' when there is none. */
  readonly remote: string;
  /** Bytes that can be read; of a listener, connections that can be accepted. */
  readonly unread: number;
  /** Bytes that were written and have not arrived. */
  readonly unsent: number;
}

/** The rows, in the order of their descriptors. */
export function socketsOf({ table }: Machine): SocketRow[] {
  return table.numbers.flatMap((fd) => {
    const file = table.fileOf(fd);
    return file instanceof Socket ? [rowOf(fd, file)] : [];
  });
}

function rowOf(fd: number, socket: Socket): SocketRow {
  const { local, remote, stream, listening, isStream, datagramBytes } = socket;
  const unread = isStream ? (stream?.unread ?? listening?.queue.length ?? 0) : datagramBytes;
  return {
    fd,
    kind: kindOf(socket),
    state: stateOf(socket),
    local: local.text,
    remote: remote?.text ?? '',
    unread,
    unsent: stream?.unsent ?? 0,
  };
}

function kindOf({ isUnix, isStream }: Socket): SocketRow['kind'] {
  if (isUnix) return isStream ? 'unix' : 'unix-datagram';
  return isStream ? 'tcp' : 'udp';
}

function stateOf({
  listening,
  isConnecting,
  stream,
  remote,
  isRefused,
}: Socket): SocketRow['state'] {
  if (listening !== undefined) return 'listening';
  if (isConnecting) return 'connecting';
  if (stream !== undefined) {
    if (stream.isOver) return 'closed';
    return stream.isHalfClosed ? 'closing' : 'connected';
  }
  if (isRefused) return 'closed';
  return remote === undefined ? 'new' : 'connected';
}
