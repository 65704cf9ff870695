// One look at a process through /proc: its descriptors, its epoll sets, its sockets. It reads what the
// kernel writes for the reader, under the lock of each set: a cost by the number of descriptors.
import { constants } from 'node:os';
import { EdgewiseError, errnoError } from '../errors.ts';
import { native } from '../native.ts';
import {
  type DescriptorInfo,
  inodeOfLink,
  parseCpuTicks,
  parseDescriptorInfo,
  parseInetSockets,
  parseUnixSockets,
  parseWaitedSet,
  type SetEntry,
  type SocketFacts,
} from './texts.ts';

/** An open descriptor of a process. */
export interface OpenDescriptor {
  readonly fd: number;
  /** `socket:[17]`, `pipe:[18]`, `anon_inode:[eventpoll]`, a path. */
  readonly link: string;
  /** O_ bits. */
  readonly flags: number;
  readonly inode: number | undefined;
  /** Of a socket that is in the tables of the process's network namespace. */
  readonly socket: SocketFacts | undefined;
}

/** An epoll set of a process. */
export interface EpollSet {
  readonly fd: number;
  readonly entries: readonly SetEntry[];
}

/** What a process was at one moment, nearly: the files of /proc are read one after the other. */
export interface Sample {
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly descriptors: ReadonlyMap<number, OpenDescriptor>;
  readonly sets: readonly EpollSet[];
  /** Sets in which a thread sleeps: nothing waits there to be reported. undefined: not known. */
  readonly waited: ReadonlySet<number> | undefined;
  /** CPU time so far, in ticks of 10 ms. */
  readonly cpuTicks: number;
}

type Reader<T> = (path: string) => T;

/**
 * Looks at a process.
 *
 * @throws EdgewiseError - ERR_AUDIT_UNSUPPORTED: no /proc, or the process has no epoll set.
 * @throws ErrnoError - ESRCH: it is gone. EACCES: it is another user's. EMFILE.
 */
export function takeSample(pid: number): Sample {
  if (process.platform !== 'linux') throw unsupported('an audit reads /proc of Linux');
  const folder = `/proc/${pid}`;
  const descriptors = openDescriptors(pid, folder);
  const sets = [...descriptors.infos].flatMap(([fd, { entries }]) =>
    descriptors.links.get(fd) === 'anon_inode:[eventpoll]' ? [{ fd, entries }] : [],
  );
  if (sets.length === 0) throw unsupported(`process ${pid} has no epoll set`);
  const sockets = socketTable(folder);
  return {
    pid,
    at: Date.now(),
    descriptors: new Map(
      [...descriptors.links].flatMap(([fd, link]) => {
        const info = descriptors.infos.get(fd);
        if (info === undefined) return [];
        const inode = inodeOfLink(link) ?? info.inode;
        const socket = link.startsWith('socket:') ? sockets.get(inode ?? 0) : undefined;
        return [[fd, { fd, link, flags: info.flags, inode, socket }]];
      }),
    ),
    sets,
    waited: waitedSets(folder),
    cpuTicks: parseCpuTicks(read(`${folder}/stat`) ?? ''),
  };
}

function unsupported(why: string): EdgewiseError {
  return new EdgewiseError('ERR_AUDIT_UNSUPPORTED', why);
}

function openDescriptors(pid: number, folder: string) {
  const links = new Map<number, string>();
  const infos = new Map<number, DescriptorInfo>();
  for (const name of namesIn(pid, folder)) {
    // Closed since the folder was read, such as the one by which it was read.
    const link = attempt(native.readlinkSync, `${folder}/fd/${name}`);
    const text = read(`${folder}/fdinfo/${name}`);
    if (link === undefined || text === undefined) continue;
    links.set(Number(name), link);
    infos.set(Number(name), parseDescriptorInfo(text));
  }
  return { links, infos };
}

function namesIn(pid: number, folder: string): readonly string[] {
  try {
    return native.readdirSync(`${folder}/fd`);
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && attempt(native.readdirSync, '/proc/self/fd') === undefined) {
      throw unsupported('there is no /proc here');
    }
    throw errnoError(code === 'ENOENT' ? -constants.errno.ESRCH : errno, 'audit', { pid });
  }
}

function socketTable(folder: string): ReadonlyMap<number, SocketFacts> {
  const table = new Map<number, SocketFacts>();
  for (const protocol of ['tcp', 'udp'] as const) {
    for (const family of ['', '6']) {
      // Without IPv6 the file of it is missing.
      parseInetSockets(read(`${folder}/net/${protocol}${family}`) ?? '', protocol, table);
    }
  }
  parseUnixSockets(read(`${folder}/net/unix`) ?? '', table);
  return table;
}

function waitedSets(folder: string): ReadonlySet<number> | undefined {
  const waited = new Set<number>();
  for (const thread of attempt(native.readdirSync, `${folder}/task`) ?? []) {
    const text = read(`${folder}/task/${thread}/syscall`);
    const set = text === undefined ? undefined : parseWaitedSet(text, process.arch);
    if (set === undefined) return undefined;
    waited.add(set);
  }
  return waited;
}

function read(path: string): string | undefined {
  return attempt(native.readTextSync, path);
}

// What ends between two looks, or is not readable, is not there. Out of descriptors is no such thing.
function attempt<T>(reader: Reader<T>, path: string): T | undefined {
  try {
    return reader(path);
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException;
    if (code === 'EMFILE' || code === 'ENFILE') throw errnoError(errno, 'audit', { path });
    return undefined;
  }
}
