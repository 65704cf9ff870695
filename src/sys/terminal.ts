// Terminals, and descriptors that this process shares with others. O_NONBLOCK belongs to the open
// file description: set on standard input, the shell and every process with the same end of a pipe
// has it too, and few programs expect that.
import { invalidType } from '../errors.ts';
import { native } from '../native.ts';
import { checkFd, checkFlags, REFUSED, refuseUnnamed } from '../validate.ts';
import { constants } from './constants.ts';
import { fcntl } from './io.ts';

/**
 * Has reads and writes answer {@link WOULD_BLOCK} instead of waiting, or no longer.
 *
 * It is set on the open file description: every process with a duplicate of the descriptor, such as
 * the shell that a terminal or pipe was inherited from, sees it too, also after this one has ended.
 * For what was inherited see {@link reopen}.
 *
 * @param isNonBlocking - true when absent.
 * @returns 0 or -errno: -EBADF.
 * @see fcntl(2), open(2) "O_NONBLOCK"
 */
export function setNonBlocking(fd: number, isNonBlocking = true): number {
  checkFd(fd);
  if (typeof isNonBlocking !== 'boolean') {
    throw invalidType('isNonBlocking', 'a boolean', isNonBlocking);
  }
  const flags = fcntl(fd, constants.F_GETFL);
  if (flags < 0) return flags;
  const { O_NONBLOCK, F_SETFL } = constants;
  const wanted = isNonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  return wanted === flags ? 0 : fcntl(fd, F_SETFL, wanted);
}

/**
 * Opens what a descriptor stands for once more: the new one has an open file description of its own,
 * so that no other process sees O_NONBLOCK on it. Works for terminals; on Linux, where /proc is mounted,
 * for pipes and files as well. The access mode is that of `fd`; it is close-on-exec.
 *
 * @param flags - `O_NONBLOCK`; 0 when absent.
 * @returns the descriptor, which the caller closes, or -errno: -ENXIO: a socket, or the end for
 * writing of a pipe that has no reader. -ENOTTY: elsewhere than on Linux, no terminal. -EACCES:
 * another user's.
 * @see open(2), proc_pid_fd(5), ttyname(3)
 */
export function reopen(fd: number, flags = 0): number {
  checkFd(fd);
  checkFlags('flags', flags);
  return native.reopen(fd, flags);
}

/**
 * Whether a descriptor is a terminal.
 *
 * @returns 1, or -errno: -ENOTTY: it is none.
 * @see isatty(3)
 */
export function isatty(fd: number): number {
  checkFd(fd);
  return native.isatty(fd);
}

/** The settings of a terminal, `struct termios`: opaque, to be kept and given back. */
export class Termios {
  readonly #bytes = new Uint8Array(native.termiosSize);

  /** @internal what native code reads and fills, or undefined when `value` is none of ours. */
  static bytesIn(value: unknown): Uint8Array | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #bytes in value ? value.#bytes : undefined;
  }
}

function bytesOf(termios: unknown): Uint8Array {
  const bytes = Termios.bytesIn(termios);
  if (bytes === undefined) throw invalidType('termios', 'a Termios', termios);
  return bytes;
}

/**
 * Reads the settings of a terminal.
 *
 * @param termios - filled.
 * @returns 0 or -errno: -ENOTTY.
 * @see tcgetattr(3)
 */
export function tcgetattr(fd: number, termios: Termios): number {
  checkFd(fd);
  const result = native.tcgetattr(fd, bytesOf(termios));
  return result === REFUSED ? refuseUnnamed() : result;
}

/**
 * Sets the settings of a terminal. They outlive this process: put back what `tcgetattr` gave before
 * it ends.
 *
 * @param action - `TCSANOW`, `TCSADRAIN`: after what was written has left, `TCSAFLUSH`: and what was
 * typed and not read is dropped.
 * @returns 0 or -errno: -ENOTTY; -EINVAL: settings that came from no terminal.
 * @see tcsetattr(3)
 */
export function tcsetattr(fd: number, action: number, termios: Termios): number {
  checkFd(fd);
  checkFlags('action', action);
  const result = native.tcsetattr(fd, action, bytesOf(termios));
  return result === REFUSED ? refuseUnnamed() : result;
}

/**
 * Changes settings to those of a raw terminal: each key is read at once, is not echoed, and Ctrl-C
 * is a byte and no signal. `tcsetattr` then sets them.
 *
 * @returns 0.
 * @see cfmakeraw(3)
 */
export function cfmakeraw(termios: Termios): number {
  const result = native.cfmakeraw(bytesOf(termios));
  return result === REFUSED ? refuseUnnamed() : result;
}
