// What an entry of an epoll set shows by itself, or together with what is open under its number.
import { countOf } from '../plural.ts';
import * as sys from '../sys/index.ts';
import type { Candidate } from './findings.ts';
import type { EpollSet, OpenDescriptor, Sample } from './sample.ts';
import type { SetEntry } from './texts.ts';

const { EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP } = sys.constants;
const { EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE, O_NONBLOCK, O_ACCMODE } = sys.constants;

/** Bits that stay in the entry of a oneshot that has fired. */
const HOW = (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | (1 << 29)) >>> 0;

/** The bits of an entry by name: `IN|RDHUP|ET`; those that no one can mask are left out. */
export function maskNames(events: number): string {
  const bits = {
    IN: EPOLLIN,
    PRI: EPOLLPRI,
    OUT: EPOLLOUT,
    RDHUP: EPOLLRDHUP,
    ET: EPOLLET,
    ONESHOT: EPOLLONESHOT,
    EXCLUSIVE: EPOLLEXCLUSIVE,
  };
  const names = Object.entries(bits).filter(([, bit]) => (events & bit) !== 0);
  return names.map(([name]) => name).join('|') || 'none';
}

/** Whether an entry has a bit. */
export function has(entry: SetEntry, bit: number): boolean {
  return (entry.events & bit) !== 0;
}

/** Whether it is a oneshot that has fired. */
export function isDisarmed(entry: SetEntry): boolean {
  return has(entry, EPOLLONESHOT) && (entry.events & ~HOW) === 0;
}

/** What is read and written: an edge of other files, such as an eventfd, need not be read. */
export function isStream(descriptor: OpenDescriptor): boolean {
  return /^(socket|pipe):/.test(descriptor.link);
}

/** The file that an entry watches, when its number still stands for it. */
export function watchedBy(entry: SetEntry, sample: Sample): OpenDescriptor | undefined {
  const descriptor = sample.descriptors.get(entry.fd);
  if (descriptor === undefined) return undefined;
  const { inode } = descriptor;
  return inode === undefined || inode === entry.inode ? descriptor : undefined;
}

/** Bytes that were received and not read; an end that was not read counts as one in the kernel. */
export function unreadBytes({ socket }: OpenDescriptor): number {
  if (socket?.receiveQueue === undefined) return 0;
  return Math.max(0, socket.receiveQueue - (socket.state === 'close-wait' ? 1 : 0));
}

/** GHOST: what an entry is when its number was closed, or is another file's. */
export function ghostOf(entry: SetEntry, sample: Sample): Candidate {
  const { fd, inode } = entry;
  const other = sample.descriptors.get(fd)?.link;
  const now = other === undefined ? 'was closed' : `is ${other} now`;
  const what = `is in the set as inode ${inode}, and its number ${now}`;
  return { code: 'GHOST', fd, identity: `${inode}`, what, isCertain: true };
}

/** BLOCKING. */
export function blocking(entry: SetEntry, descriptor: OpenDescriptor): Candidate[] {
  if (!isStream(descriptor) || (descriptor.flags & O_NONBLOCK) !== 0) return [];
  const what = 'is watched, and blocks: a read or write that finds nothing to do stops the thread';
  return [{ code: 'BLOCKING', fd: entry.fd, identity: `${entry.inode}`, what, isCertain: true }];
}

/** DUPLICATE: the later numbers of one file in a set. */
export function duplicates(set: EpollSet, sample: Sample): Candidate[] {
  const first = new Map<string, number>();
  return [...set.entries]
    .sort((a, b) => a.fd - b.fd)
    .flatMap((entry) => {
      const descriptor = watchedBy(entry, sample);
      if (descriptor === undefined || !isStream(descriptor)) return [];
      // The ends of a pipe have one inode.
      const identity = `${entry.inode} ${descriptor.flags & O_ACCMODE}`;
      const other = first.get(identity);
      if (other === undefined) first.set(identity, entry.fd);
      if (other === undefined || other === entry.fd) return [];
      const what = `is the same open file as fd ${other}: each gets the events`;
      return [{ code: 'DUPLICATE' as const, fd: entry.fd, identity, what, isCertain: true }];
    });
}

/** UNREAD: not even the end is asked for, and the peer has sent its last. */
export function unread(entry: SetEntry, descriptor: OpenDescriptor): Candidate[] {
  const bytes = unreadBytes(descriptor);
  if (has(entry, EPOLLIN | EPOLLRDHUP) || bytes === 0) return [];
  if (descriptor.socket?.state !== 'close-wait') return [];
  const what = `is paused with ${countOf(bytes, 'byte')} unread, and the peer has ended`;
  const identity = `${entry.inode}`;
  return [{ code: 'UNREAD', fd: entry.fd, identity, what, isCertain: true, amount: bytes }];
}

/** UNDRAINED, of an edge that has been reported. */
export function undrained(
  entry: SetEntry,
  descriptor: OpenDescriptor,
  isCertain: boolean,
): Candidate {
  const bytes = unreadBytes(descriptor);
  const left = descriptor.socket?.state === 'listening' ? 'connection' : 'byte';
  const amount = bytes === 0 ? 'something' : countOf(bytes, left);
  const what = `is edge-triggered with ${amount} left, which the kernel does not report again`;
  const identity = `${entry.inode}`;
  return { code: 'UNDRAINED', fd: entry.fd, identity, what, isCertain, amount: bytes };
}

/** DISARMED. */
export function disarmed(entry: SetEntry): Candidate {
  const what = 'is a oneshot that has fired and is not armed: nothing is reported';
  return { code: 'DISARMED', fd: entry.fd, identity: `${entry.inode}`, what, isCertain: true };
}

/** ARMED_IDLE_WRITER. */
export function idleWriter(entry: SetEntry, isCertain: boolean): Candidate {
  const what = 'asks for Writable under the level trigger with nothing to write: each wait returns';
  return { code: 'ARMED_IDLE_WRITER', fd: entry.fd, identity: `${entry.inode}`, what, isCertain };
}

/**
 * BACKLOG, and UNWATCHED: open sockets that no set has.
 *
 * @param isWatched - what watches it otherwise.
 */
export function sockets(sample: Sample, isWatched: (fd: number) => boolean): Candidate[] {
  const inSets = new Set(
    sample.sets.flatMap(({ entries }) =>
      entries.flatMap(({ fd, inode }) => [`${fd}`, `i${inode}`]),
    ),
  );
  const found: Candidate[] = [];
  for (const descriptor of sample.descriptors.values()) {
    const { fd, inode, socket, flags } = descriptor;
    if (socket === undefined || socket.state === 'other') continue;
    const identity = `${inode}`;
    const waiting = socket.receiveQueue ?? 0;
    if (socket.state === 'listening' && waiting > 0) {
      const what = `has ${countOf(waiting, 'connection')} that no one accepts`;
      found.push({ code: 'BACKLOG', fd, identity, what, isCertain: false, amount: waiting });
    }
    // A blocking one is waited for by its calls; 0 to 2 may be the parent's.
    if (fd <= 2 || (flags & O_NONBLOCK) === 0) continue;
    if (inSets.has(`${fd}`) || inSets.has(`i${inode}`) || isWatched(fd)) continue;
    const what = `is an open ${socket.protocol} socket (${socket.state}) that no set watches`;
    // It may be on its way to the set of another thread.
    found.push({ code: 'UNWATCHED', fd, identity, what, isCertain: false });
  }
  return found;
}
