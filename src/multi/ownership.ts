// Descriptors that go from thread to thread as numbers: exactly one thread owns each at any time, and
// what a worker owns is closed when it ends, also by `terminate()` (native/core/descriptor_owners.h).
import { constants as os } from 'node:os';
import { check, errnoError } from '../errors.ts';
import { native } from '../native.ts';

/** A thread that owns descriptors; from 1 on, never used twice. */
export type OwnerId = number;

/** This thread, which is a worker, as an owner. */
export function ownerOfThread(): OwnerId {
  return native.openOwner();
}

/**
 * Gives a descriptor to a thread.
 *
 * @returns false: that thread has ended; the descriptor still belongs to the caller.
 */
export function giveDescriptor(fd: number, owner: OwnerId): boolean {
  const result = native.giveDescriptor(fd, owner);
  if (result === -os.errno.ESRCH) return false;
  check(result, 'giveDescriptor', { fd });
  return true;
}

/**
 * Takes a descriptor back from a thread.
 *
 * @returns false: the thread does not own it any more, so it has been closed.
 */
export function takeDescriptorBack(fd: number, owner: OwnerId): boolean {
  return native.takeDescriptor(fd, owner) >= 0;
}

/**
 * Lets the kernel choose among the sockets of a port by CPU.
 *
 * @throws ErrnoError - EOPNOTSUPP: not Linux. EPERM, EINVAL: the kernel refuses the filter.
 */
export function steerByCpu(fd: number, count: number): void {
  const result = native.steerByCpu(fd, count);
  if (result < 0) throw errnoError(result, 'setsockopt', { fd });
}
