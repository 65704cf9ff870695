// What the calls of the kernel say to the lint: which of them took or gave bytes, of which descriptor,
// and how that ended. Calls that only look, such as a peek, say nothing.
import type { KernelCall, KernelName } from '../../kernel-calls.ts';
import { constants } from '../../sys/constants.ts';

const { MSG_OOB, MSG_PEEK, SOL_SOCKET, SO_ERROR } = constants;
const FLAGS_AT = 4;
const FLAGS_OF_MESSAGE_AT = 2;
/** The rows of a SocketBatch (src/sys/socket-batch.ts). */
const ROW = { fds: 0, offsets: 1, lengths: 2, results: 3, bytes: 4 } as const;

/** What a call does to its descriptor. `check`: it takes, or looks at, a pending error. */
export type Way = 'read' | 'accept' | 'write' | 'connect' | 'check' | 'close';

/** A call that was made. */
export interface SeenCall {
  readonly way: Way;
  readonly fd: number;
  /** What it returned. */
  readonly result: number;
  /** Bytes that were asked for; -1: not known, or `result` counts something else. */
  readonly asked: number;
  /** What was to be written; undefined: not known. */
  readonly bytes: readonly Uint8Array[] | undefined;
}

/** One for each call that is one of these; `asks`: `result` counts the bytes that it asks for. */
const WAYS: Partial<Record<KernelName, readonly [way: Way, asks: boolean]>> = {
  recv: ['read', true],
  recvfrom: ['read', true],
  recvmsg: ['read', true],
  recvmmsg: ['read', false],
  read: ['read', true],
  readv: ['read', true],
  pinnedRecv: ['read', true],
  pinnedRead: ['read', true],
  accept4: ['accept', false],
  send: ['write', true],
  sendto: ['write', true],
  sendmsg: ['write', true],
  sendmmsg: ['write', false],
  sendSegments: ['write', false],
  sendApart: ['write', false],
  sendfile: ['write', false], // it ends at the end of the file
  write: ['write', true],
  writev: ['write', true],
  pinnedSend: ['write', true],
  pinnedWrite: ['write', true],
  connect: ['connect', false],
  getpeername: ['check', false],
  tcpInfo: ['check', false],
  receiveError: ['check', false],
  statusOfProcess: ['read', false],
  close: ['close', false],
  closeSync: ['close', false],
  'poller.removeAndClose': ['close', false],
};

/** What a call says, of each descriptor that it is about. */
export function seenCalls(
  call: KernelCall,
  fd: number,
  result: number,
  asked: number,
  args: readonly unknown[],
): readonly SeenCall[] {
  const { name } = call;
  if (name === 'recvEach' || name === 'sendEach') return ofEach(name, result, args);
  if (name === 'splice') {
    const moved = { result, asked: -1, bytes: undefined };
    return [
      { way: 'read', fd, ...moved },
      { way: 'write', fd: args[2] as number, ...moved },
    ];
  }
  if (name === 'getsockopt') {
    const isCheck = args[1] === SOL_SOCKET && args[2] === SO_ERROR;
    return isCheck ? [{ way: 'check', fd, result, asked: -1, bytes: undefined }] : [];
  }
  const [way, asks = false] = WAYS[name] ?? [];
  const flags = flagsOf(name, args);
  if (way === undefined || (way === 'read' && (flags & MSG_PEEK) !== 0)) return [];
  const isPlain = asks && (flags & MSG_OOB) === 0;
  const bytes = way === 'write' && isPlain ? bytesOf(asked, args) : undefined;
  return [{ way, fd, result, asked: isPlain ? asked : -1, bytes }];
}

function flagsOf(name: KernelName, args: readonly unknown[]): number {
  const at = name.endsWith('msg') ? FLAGS_OF_MESSAGE_AT : FLAGS_AT;
  const flags = /^(recv|send)(from|to|msg)?$/.test(name) ? args[at] : undefined;
  return typeof flags === 'number' ? flags : 0;
}

function bytesOf(asked: number, args: readonly unknown[]): readonly Uint8Array[] | undefined {
  const [, source, offset = 0] = args;
  if (Array.isArray(source)) return source as readonly Uint8Array[];
  if (!(source instanceof Uint8Array)) return undefined;
  const start = offset as number;
  return [source.subarray(start, start + asked)];
}

function ofEach(
  name: 'recvEach' | 'sendEach',
  result: number,
  args: readonly unknown[],
): SeenCall[] {
  const [memory, entriesMax, , count, sizeMax] = args as [
    Uint8Array,
    ...(readonly [number, number, number, number]),
  ];
  const startOf = (row: number) => memory.byteOffset + row * entriesMax * 4;
  const rowOf = (row: number) => new Int32Array(memory.buffer, startOf(row), entriesMax);
  const [fds, offsets, lengths] = [rowOf(ROW.fds), rowOf(ROW.offsets), rowOf(ROW.lengths)];
  const results = rowOf(ROW.results);
  const isRead = name === 'recvEach';
  return Array.from({ length: isRead ? Math.max(0, result) : count }, (_, at): SeenCall => {
    const fd = fds[at] as number;
    if (isRead) {
      const received = results[at] as number;
      return { way: 'read', fd, result: received, asked: sizeMax, bytes: undefined };
    }
    const length = lengths[at] as number;
    const start = startOf(ROW.bytes) + (offsets[at] as number);
    const bytes = [new Uint8Array(memory.buffer, start, length)];
    // 0: all were sent whole, and `results` has nothing new.
    const sent = result === 0 ? length : (results[at] as number);
    return { way: 'write', fd, result: sent, asked: length, bytes };
  });
}

/** Whether some bytes were moved, and fewer than were asked for. */
export function isShort({ result, asked }: SeenCall): boolean {
  return result > 0 && result < asked;
}
