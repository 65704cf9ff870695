// What the texts of /proc say, as facts: an epoll set and the flags of a descriptor from fdinfo, the
// queues of sockets from net/tcp, net/udp and net/unix, CPU time from stat, and the set in which a
// thread waits from syscall. Pure functions of texts. man 5 proc.

/** One entry of an epoll set, as the kernel has it. */
export interface SetEntry {
  /** The number that it was added under. */
  readonly fd: number;
  /** EPOLL bits. */
  readonly events: number;
  /** The lower and the upper 32 bits of what comes back with each event. */
  readonly data: readonly [low: number, high: number];
  /** The inode of the file that was added, whatever the number is now. */
  readonly inode: number;
}

/** What fdinfo says of one descriptor. */
export interface DescriptorInfo {
  /** O_ bits. */
  readonly flags: number;
  /** undefined: an old kernel (before 5.14). */
  readonly inode: number | undefined;
  /** The entries of an epoll set, in the kernel's order. */
  readonly entries: readonly SetEntry[];
}

/** What the kernel says of a socket. */
export interface SocketFacts {
  /** The table that it is in. */
  readonly protocol: 'tcp' | 'udp' | 'unix';
  /** Of its connection. */
  readonly state: 'established' | 'close-wait' | 'listening' | 'other';
  /** Bytes that were received and not read; of a listener, connections that wait. undefined: of Unix sockets. */
  readonly receiveQueue: number | undefined;
  /** Bytes that the peer has not acknowledged. undefined: of Unix sockets. */
  readonly sendQueue: number | undefined;
}

/** Reads /proc/PID/fdinfo/FD. */
export function parseDescriptorInfo(text: string): DescriptorInfo {
  const field = (pattern: RegExp) => pattern.exec(text)?.[1];
  const inode = field(/^ino:\s*(\d+)/m);
  const entries = text
    .split('\n')
    .filter((line) => line.startsWith('tfd:'))
    .flatMap((line) => entryOf(line) ?? []);
  return {
    flags: Number.parseInt(field(/^flags:\s*([0-7]+)/m) ?? '0', 8),
    inode: inode === undefined ? undefined : Number(inode),
    entries,
  };
}

function entryOf(line: string): SetEntry | undefined {
  const found =
    /^tfd:\s*(\d+)\s+events:\s*([0-9a-f]+)\s+data:\s*([0-9a-f]+)(?:.*\bino:([0-9a-f]+))?/.exec(
      line,
    );
  if (found === null) return undefined;
  const [, fd, events = '', data = '', inode = '0'] = found;
  const cookie = BigInt(`0x${data}`);
  return {
    fd: Number(fd),
    events: Number.parseInt(events, 16),
    data: [Number(cookie & 0xffff_ffffn), Number(cookie >> 32n)],
    inode: Number.parseInt(inode, 16),
  };
}

const TCP_STATES: Readonly<Record<string, SocketFacts['state']>> = {
  '01': 'established',
  '08': 'close-wait',
  '0A': 'listening',
};

/** Reads /proc/PID/net/tcp, tcp6, udp or udp6 into `table`. */
export function parseInetSockets(
  text: string,
  protocol: 'tcp' | 'udp',
  table: Map<number, SocketFacts>,
): void {
  for (const line of text.split('\n').slice(1)) {
    const words = line.trim().split(/\s+/);
    const [, , , state = '', queues = ''] = words;
    const inode = Number(words[9]);
    if (!(inode > 0)) continue; // in TIME_WAIT it is no process's any more
    const [sendQueue = 0, receiveQueue = 0] = queues
      .split(':')
      .map((hex) => Number.parseInt(hex, 16));
    const name = protocol === 'tcp' ? (TCP_STATES[state] ?? 'other') : 'other';
    table.set(inode, { protocol, state: name, receiveQueue, sendQueue });
  }
}

const UNIX_ACCEPTS = 0x0001_0000; // __SO_ACCEPTCON
const UNIX_CONNECTED = 3;

/** Reads /proc/PID/net/unix into `table`. It has no queues. */
export function parseUnixSockets(text: string, table: Map<number, SocketFacts>): void {
  for (const line of text.split('\n').slice(1)) {
    const [, , , flags = '', , state = '', inode] = line.trim().split(/\s+/);
    if (inode === undefined) continue;
    const isListening = (Number.parseInt(flags, 16) & UNIX_ACCEPTS) !== 0;
    const isConnected = Number.parseInt(state, 16) === UNIX_CONNECTED;
    table.set(Number(inode), {
      protocol: 'unix',
      state: isListening ? 'listening' : isConnected ? 'established' : 'other',
      receiveQueue: undefined,
      sendQueue: undefined,
    });
  }
}

/** The inode in the link of a socket or a pipe: `socket:[17]`. */
export function inodeOfLink(link: string): number | undefined {
  const found = /^(?:socket|pipe):\[(\d+)\]$/.exec(link)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** CPU time of /proc/PID/stat, in ticks. The name of the program may have spaces and brackets. */
export function parseCpuTicks(text: string): number {
  const words = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(words[11]) + Number(words[12]);
}

/** Numbers of epoll_wait, epoll_pwait and epoll_pwait2. */
const WAITS: Readonly<Record<string, readonly number[]>> = {
  x64: [232, 281, 441],
  arm64: [22, 441],
};

/**
 * The set in which a thread waits, by /proc/PID/task/TID/syscall.
 *
 * @returns its number; -1: it does something else; undefined: not known of this processor.
 */
export function parseWaitedSet(text: string, architecture: string): number | undefined {
  const numbers = WAITS[architecture];
  if (numbers === undefined) return undefined;
  const [number, first = ''] = text.trim().split(' ');
  return numbers.includes(Number(number)) ? Number.parseInt(first, 16) : -1;
}
