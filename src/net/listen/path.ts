// The file of a listening Unix socket: made, replaced where a process that was killed has left one, and
// removed.
//
// A socket file that refuses connect(2) is stale, or its owner is between bind(2) and listen(2): the
// kernel does not say which. So a process that makes or replaces one holds a lock of its folder
// meanwhile, by flock(2), which ends with the process and leaves no file. A listener refuses no
// client, so without the lock a file can be removed by its owner as long as that still listens.
import { constants as fs } from 'node:fs';
import { constants as os } from 'node:os';
import { dirname } from 'node:path';
import type { SocketAddress } from '../../address.ts';
import { check } from '../../errors.ts';
import { native } from '../../native.ts';
import * as sys from '../../sys/index.ts';
import { errorContextOf } from '../socket/address.ts';
import { removeFile, statOf } from '../socket/file.ts';

const { EADDRINUSE, ECONNREFUSED, EINTR, ENOENT, EWOULDBLOCK } = os.errno;
const { AF_UNIX, SOCK_NONBLOCK, SOCK_STREAM } = sys.constants;
/** The lock is held for a few system calls; one that is held for longer is for something else. */
const LOCK_WAIT_MS = 2000;
const LOCK_LOOK_MS = 1;

/** Binds a socket to a path or another address, and listens. */
export function bindAndListen(fd: number, address: SocketAddress, backlog: number): void {
  const { path } = address;
  if (path === undefined) {
    check(sys.bind(fd, address), 'bind', errorContextOf(address));
    check(sys.listen(fd, backlog), 'listen', errorContextOf(address));
    return;
  }
  const lock = lockFolderOf(path);
  try {
    bindToPath(fd, address, path);
    const result = sys.listen(fd, backlog);
    if (result < 0) removeFile(path); // bind has made it
    check(result, 'listen', { path });
  } finally {
    if (lock !== undefined) native.closeSync(lock);
  }
}

function bindToPath(fd: number, address: SocketAddress, path: string): void {
  let result = sys.bind(fd, address);
  if (result === -EADDRINUSE && isStale(address, path)) {
    removeFile(path);
    result = sys.bind(fd, address);
  }
  check(result, 'bind', { path });
}

// connect(2) refuses any other file as well, so the kind is looked at first.
function isStale(address: SocketAddress, path: string): boolean {
  if (statOf(path)?.isSocket() !== true) return false;
  const fd = sys.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const result = sys.connect(fd, address);
  sys.close(fd);
  return result === -ECONNREFUSED || result === -ENOENT;
}

// Undefined: there is no such lock here (a folder that we may not read, a file system without locks), or
// another program keeps it. Then two processes that replace one file at the same moment may both succeed.
function lockFolderOf(path: string): number | undefined {
  let folder: number;
  try {
    folder = native.openSync(dirname(path), fs.O_RDONLY | fs.O_DIRECTORY); // a FIFO would stop the thread
  } catch {
    return undefined; // bind says what is wrong with it, if anything is
  }
  const endMs = performance.now() + LOCK_WAIT_MS;
  let result = native.lockFile(folder);
  while ((result === -EWOULDBLOCK || result === -EINTR) && performance.now() < endMs) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_LOOK_MS);
    result = native.lockFile(folder);
  }
  if (result >= 0) return folder;
  native.closeSync(folder);
  return undefined;
}
