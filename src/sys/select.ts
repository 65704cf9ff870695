// select(2) and pselect(2), as the manual pages have them. For work, there is the Poller, and its back-end
// `select`; this is for seeing what it does.
import { invalidType } from '../errors.ts';
import { native } from '../native.ts';
import { checkInteger, REFUSED, refuseUnnamed } from '../validate.ts';
import { constants } from './constants.ts';
import { checkWaitMs, type SignalMask, signalsOf } from './waiting.ts';

const { FD_SETSIZE } = constants;

/**
 * A set of descriptors, a bit for each: `fd_set`. It has bits for the numbers from 0 to `FD_SETSIZE` - 1
 * (of `constants`: 1024, on NetBSD 256) and for no others; C would write past its end, here it is a
 * RangeError with `code` ERR_OUT_OF_RANGE.
 */
export class FdSet {
  readonly #bits: Uint8Array = new Uint8Array(FD_SETSIZE / 8); // as native/addon/poll_wrap.cc has it

  /** Puts a descriptor in: `FD_SET`. */
  add(fd: number): void {
    checkMember(fd);
    this.#bits[fd >> 3] = (this.#bits[fd >> 3] ?? 0) | (1 << (fd & 7));
  }

  /** Takes it out, if it is there: `FD_CLR`. */
  delete(fd: number): void {
    checkMember(fd);
    this.#bits[fd >> 3] = (this.#bits[fd >> 3] ?? 0) & ~(1 << (fd & 7));
  }

  /** Whether it is there: `FD_ISSET`. */
  has(fd: number): boolean {
    checkMember(fd);
    return ((this.#bits[fd >> 3] ?? 0) & (1 << (fd & 7))) !== 0;
  }

  /** Takes all out: `FD_ZERO`. */
  clear(): void {
    this.#bits.fill(0);
  }

  /** Becomes what another set is: the assignment of C. `select` overwrites what it is given. */
  copy(from: FdSet): void {
    const bits = FdSet.bitsIn(from);
    if (bits === undefined) throw invalidType('from', 'an FdSet', from);
    this.#bits.set(bits);
  }

  /** @internal what native code reads and writes, or undefined when `value` is none of ours. */
  static bitsIn(value: unknown): Uint8Array | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #bits in value ? value.#bits : undefined;
  }
}

function checkMember(fd: unknown): void {
  checkInteger('fd', fd, 0, FD_SETSIZE - 1);
}

/**
 * Waits until a descriptor of three sets is ready. All numbers below `nfds` are looked at in every call.
 *
 * It blocks this thread unless `timeoutMs` is 0: neither promises nor timers run meanwhile, and a worker that
 * waits in it cannot be terminated. A signal ends it with -EINTR.
 *
 * What is not ready is taken out of the sets; time is up: they are empty. After an error they are as they
 * were, where C leaves that open. The time that is left is not reported.
 *
 * @param nfds - the highest descriptor in the sets and 1 more, 0 to `FD_SETSIZE`; what is above is not looked
 * at, and stays in.
 * @param readfds - is a read at an end, or will it not wait? null: none are asked of; so for the other two.
 * @param writefds - will a write not wait?
 * @param exceptfds - is there priority data?
 * @param timeoutMs - milliseconds up to 2^31 - 1, fractions honoured to the microsecond, rounded up; -1
 * blocks, 0 polls.
 * @returns count of descriptors left in the sets, one in two of them counts twice; 0: time is up; or -errno:
 * -EBADF (one of them is closed), -EINTR, -EINVAL, -ENOMEM.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see select(2)
 */
export function select(
  nfds: number,
  readfds: FdSet | null,
  writefds: FdSet | null,
  exceptfds: FdSet | null,
  timeoutMs: number,
): number {
  checkInteger('nfds', nfds, 0, FD_SETSIZE);
  const readable = bitsOf('readfds', readfds);
  const writable = bitsOf('writefds', writefds);
  const exceptional = bitsOf('exceptfds', exceptfds);
  checkWaitMs(timeoutMs);
  const result = native.select(nfds, readable, writable, exceptional, timeoutMs);
  return result === REFUSED ? refuseUnnamed() : result;
}

/**
 * The same with a time to the nanosecond, and with another signal mask while it waits.
 *
 * @param nfds - as for {@link select}, as are the sets and the result.
 * @param timeoutMs - milliseconds up to 2^31 - 1, fractions honoured to the nanosecond, rounded up; -1
 * blocks, 0 polls.
 * @param sigmask - numbers of the signals that wait until the call has ended, in place of those that do now;
 * null, the default: no change. A number that is no signal is -EINVAL.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see pselect(2)
 */
export function pselect(
  nfds: number,
  readfds: FdSet | null,
  writefds: FdSet | null,
  exceptfds: FdSet | null,
  timeoutMs: number,
  sigmask: SignalMask | null = null,
): number {
  checkInteger('nfds', nfds, 0, FD_SETSIZE);
  const readable = bitsOf('readfds', readfds);
  const writable = bitsOf('writefds', writefds);
  const exceptional = bitsOf('exceptfds', exceptfds);
  checkWaitMs(timeoutMs);
  const signals = signalsOf(sigmask);
  const result = native.pselect(nfds, readable, writable, exceptional, timeoutMs, signals);
  return result === REFUSED ? refuseUnnamed() : result;
}

function bitsOf(name: string, set: unknown): Uint8Array | undefined {
  if (set === null || set === undefined) return undefined;
  const bits = FdSet.bitsIn(set);
  if (bits === undefined) throw invalidType(name, 'an FdSet, or null', set);
  return bits;
}
