// A process as a descriptor: it stands for the one process whatever becomes of its number. Linux
// only; `watchExit` of the main entry works on every system.
import { native } from '../native.ts';
import { checkFd, checkFlags, checkInteger } from '../validate.ts';

/**
 * Makes a descriptor of a process, close-on-exec. It is readable when the process has exited. Linux
 * only.
 *
 * @param pid - 1 to 2^31 - 1. The number of a child that was not waited for is its own for sure; for
 * any other process it may have been given to a new one meanwhile.
 * @param flags - `PIDFD_NONBLOCK`, `PIDFD_THREAD`; 0 when absent.
 * @returns the descriptor, which the caller closes, or -errno: -ESRCH: no such process. -EINVAL or
 * -ENOENT: a thread. -ENOSYS where there is none.
 * @see pidfd_open(2)
 */
export function pidfd_open(pid: number, flags = 0): number {
  checkInteger('pid', pid, 1, 0x7fffffff);
  checkFlags('flags', flags);
  return native.pidfd_open(pid, flags);
}

/**
 * Sends a signal to the process of a pidfd, and to no other that has its number now. Linux only.
 *
 * @param signum - `os.constants.signals.SIGTERM`, …; 0 only looks whether it is there.
 * @param flags - 0 when absent.
 * @returns 0 or -errno: -ESRCH: it has exited and was waited for. -EPERM.
 * @see pidfd_send_signal(2)
 */
export function pidfd_send_signal(pidfd: number, signum: number, flags = 0): number {
  checkFd(pidfd, 'pidfd');
  checkFlags('signum', signum);
  checkFlags('flags', flags);
  return native.pidfd_send_signal(pidfd, signum, flags);
}
