// Calls on descriptors of every kind. read and write are the I/O path: their arguments go to native
// code unchecked (docs/adr/0002).
import { native } from '../native.ts';
import {
  checkFd,
  checkFileOffset,
  checkFlags,
  checkInt32s,
  checkInteger,
  checkUint32,
  REFUSED,
  refuseBuffers,
  refuseTransfer,
  refuseUnnamed,
} from '../validate.ts';

/**
 * Reads from a descriptor.
 *
 * @param fd - a descriptor of any kind.
 * @param bytes - where to.
 * @param offset - first byte of `bytes` to fill (not a place in the file); 0 when absent.
 * @param length - most bytes to read; what is left behind `offset` when absent.
 * @returns bytes read; 0: the end, or no length; or -errno: {@link WOULD_BLOCK}, -EBADF, …
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see read(2)
 */
export function read(fd: number, bytes: Uint8Array, offset?: number, length?: number): number {
  const result = native.read(fd, bytes, offset, length);
  return result === REFUSED ? refuseTransfer(fd, bytes, offset, length) : result;
}

/**
 * Writes to a descriptor. On a socket or pipe without a reader the kernel raises SIGPIPE, which Node
 * ignores, and this is -EPIPE; for sockets prefer `send`, which raises none in any process.
 *
 * @param fd - a descriptor of any kind.
 * @param bytes - what to write.
 * @param offset - first byte of `bytes` to write; 0 when absent.
 * @param length - bytes to write; what is left behind `offset` when absent.
 * @returns bytes that the kernel took, which may be fewer than there were; or -errno.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see write(2)
 */
export function write(fd: number, bytes: Uint8Array, offset?: number, length?: number): number {
  const result = native.write(fd, bytes, offset, length);
  return result === REFUSED ? refuseTransfer(fd, bytes, offset, length) : result;
}

/**
 * Reads from a place in a file; the file position stays as it is.
 *
 * @param fd - a file.
 * @param bytes - where to.
 * @param position - first byte of the file to read.
 * @param offset - first byte of `bytes` to fill; 0 when absent.
 * @param length - most bytes to read; what is left behind `offset` when absent.
 * @returns bytes read; 0: the end, or no length; or -errno: -ESPIPE: not a file.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see pread(2)
 */
export function pread(
  fd: number,
  bytes: Uint8Array,
  position: number,
  offset?: number,
  length?: number,
): number {
  const result = native.pread(fd, bytes, position, offset, length);
  if (result !== REFUSED) return result;
  checkInteger('position', position, 0, Number.MAX_SAFE_INTEGER);
  return refuseTransfer(fd, bytes, offset, length);
}

/**
 * Reads into several buffers, one after the other.
 *
 * @param buffers - an array (not a proxy of one) of at most 1024.
 * @returns bytes read in all; 0: the end, or no length; or -errno.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see readv(2)
 */
export function readv(fd: number, buffers: readonly Uint8Array[]): number {
  const result = native.readv(fd, buffers);
  return result === REFUSED ? refuseBuffers(fd, buffers) : result;
}

/**
 * Writes several buffers, one after the other, as one.
 *
 * @param buffers - an array (not a proxy of one) of at most 1024.
 * @returns bytes that the kernel took in all, or -errno.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see writev(2)
 */
export function writev(fd: number, buffers: readonly Uint8Array[]): number {
  const result = native.writev(fd, buffers);
  return result === REFUSED ? refuseBuffers(fd, buffers) : result;
}

/**
 * Closes a descriptor. It is gone whatever the result is, so a result of -EINTR or -EIO must not be
 * tried again: the number may be another thread's by then. Close only what you made.
 *
 * @returns 0 or -errno: -EBADF: not open.
 * @see close(2)
 */
export function close(fd: number): number {
  const result = native.close(fd);
  if (result !== REFUSED) return result;
  checkFd(fd);
  return refuseUnnamed();
}

/**
 * Gives a descriptor away: it stays open when the worker that has it ends. Descriptors that a worker
 * has made are closed with it, as Node closes those of `fs.open`; so call this before the number goes
 * to another thread, which would close it itself. The adopting functions of edgewise (`adoptConnection`,
 * `openReader`, …) take over what another thread has, and no call is needed. Does nothing to a
 * descriptor of the main thread.
 *
 * @returns 0, whether it is open or not.
 */
export function disown(fd: number): number {
  checkFd(fd);
  return native.disown(fd);
}

/**
 * Reads and changes what a descriptor is: its flags, the size of a pipe, the seals of a memory file.
 *
 * @param command - `F_GETFL`, `F_SETFL`, `F_GETFD`, `F_SETFD`, `F_DUPFD` (close-on-exec here),
 * `F_DUPFD_CLOEXEC`, `F_GETPIPE_SZ`, `F_SETPIPE_SZ`, `F_GET_SEALS`, `F_ADD_SEALS`. All others, which
 * take a pointer or make signals: -EINVAL.
 * @param argument - a whole number from 0 to 2^31 - 1; 0 when absent.
 * @returns what the command gives, or -errno.
 * @see fcntl(2)
 */
export function fcntl(fd: number, command: number, argument = 0): number {
  checkFd(fd);
  checkFlags('command', command);
  checkFlags('argument', argument);
  return native.fcntl(fd, command, argument);
}

/**
 * Makes another number for the same open description, close-on-exec. Flags such as O_NONBLOCK and
 * the file position are shared; an epoll set sees two descriptors.
 *
 * @returns the new descriptor, which the caller closes, or -errno: -EBADF, -EMFILE.
 * @see dup(2)
 */
export function dup(fd: number): number {
  checkFd(fd);
  return native.dup(fd);
}

/**
 * Makes a pipe, close-on-exec.
 *
 * @param fds - at least 2 numbers; `fds[0]` becomes the end to read from, `fds[1]` that to write to.
 * @returns 0 or -errno; on an error `fds` stays as it was.
 * @see pipe(2), pipe(7)
 */
export function pipe(fds: Int32Array): number {
  return pipe2(fds, 0);
}

/**
 * {@link pipe} with flags.
 *
 * @param flags - `O_NONBLOCK`; Linux also has `O_DIRECT`. `O_CLOEXEC` is always added.
 * @see pipe2(2)
 */
export function pipe2(fds: Int32Array, flags: number): number {
  checkInt32s('fds', fds, 2);
  checkFlags('flags', flags);
  const result = native.pipe2(fds, flags);
  return result === REFUSED ? refuseUnnamed() : result;
}

/**
 * Copies from a file to a socket inside the kernel. On a socket without a reader the kernel raises
 * SIGPIPE, which Node ignores, and this is -EPIPE. It reads the file as it needs it, which may wait
 * for the disk, and of a non-blocking socket that is read at once it sends all that was asked for.
 *
 * @param outFd - a socket; on Linux any descriptor.
 * @param inFd - a file.
 * @param offset - first byte of the file. null: from its position, which moves (Linux only).
 * @param count - most bytes to copy.
 * @returns bytes copied, 0 at the end of the file; or -errno: -ENOSYS on OpenBSD and NetBSD.
 * @see sendfile(2)
 */
export function sendfile(
  outFd: number,
  inFd: number,
  offset: number | null,
  count: number,
): number {
  checkFd(outFd, 'outFd');
  checkFd(inFd, 'inFd');
  checkFileOffset('offset', offset);
  checkInteger('count', count, 0, Number.MAX_SAFE_INTEGER);
  return native.sendfile(outFd, inFd, offset, count);
}

/**
 * Moves bytes between a pipe and another descriptor inside the kernel. Linux only.
 *
 * @param inFd - where from; it or `outFd` must be a pipe.
 * @param inOffset - first byte to take; null: the file position, and always for a pipe.
 * @param outFd - where to.
 * @param outOffset - first byte to write; null as for `inOffset`.
 * @param length - most bytes to move.
 * @param flags - `SPLICE_F_NONBLOCK`, `SPLICE_F_MORE`, …; 0 when absent.
 * @returns bytes moved, 0: the end; or -errno: -ENOSYS where there is none.
 * @see splice(2)
 */
export function splice(
  inFd: number,
  inOffset: number | null,
  outFd: number,
  outOffset: number | null,
  length: number,
  flags = 0,
): number {
  checkFd(inFd, 'inFd');
  checkFileOffset('inOffset', inOffset);
  checkFd(outFd, 'outFd');
  checkFileOffset('outOffset', outOffset);
  checkInteger('length', length, 0, Number.MAX_SAFE_INTEGER);
  checkFlags('flags', flags);
  return native.splice(inFd, inOffset, outFd, outOffset, length, flags);
}

/**
 * Makes a counter with a descriptor, close-on-exec: `write` adds 8 bytes' worth to it, `read` takes.
 * Linux only.
 *
 * @param initial - 0 to 2^32 - 1.
 * @param flags - `EFD_NONBLOCK`, `EFD_SEMAPHORE`; 0 when absent.
 * @returns the descriptor, which the caller closes, or -errno: -ENOSYS where there is none.
 * @see eventfd(2)
 */
export function eventfd(initial: number, flags = 0): number {
  checkUint32('initial', initial);
  checkFlags('flags', flags);
  return native.eventfd(initial, flags);
}
