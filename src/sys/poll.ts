// poll(2) and ppoll(2), as the manual pages have them. For work, there is the Poller, and its back-end
// `poll`; this is for seeing what it does.
import { invalidType } from '../errors.ts';
import { native } from '../native.ts';
import { checkInteger, REFUSED, refuseUnnamed } from '../validate.ts';
import { checkWaitMs, type SignalMask, signalsOf } from './waiting.ts';

const ENTRIES_MAX = 1 << 20;
const ENTRY_BYTES = 8; // struct pollfd, the same on every system (native/addon/poll_wrap.cc)
const SHORTS_PER_ENTRY = 4;
const EVENTS_MAX = 0xffff;

/** The array that `poll` looks through: `struct pollfd fds[capacity]`. */
export class PollDescriptors {
  /** How many entries there is room for. */
  readonly capacity: number;
  readonly #records: Uint8Array;
  readonly #fds: Int32Array;
  readonly #events: Uint16Array;

  /** @param capacity - 1 to 2^20. Every entry begins with the descriptor -1, which is passed over. */
  constructor(capacity: number) {
    this.capacity = checkInteger('capacity', capacity, 1, ENTRIES_MAX);
    const memory = new ArrayBuffer(capacity * ENTRY_BYTES);
    this.#records = new Uint8Array(memory);
    this.#fds = new Int32Array(memory);
    this.#events = new Uint16Array(memory);
    for (let i = 0; i < capacity; i++) this.#fds[i * 2] = -1;
  }

  /**
   * Writes entry `index`, with nothing in its `revents`.
   *
   * @param fd - the descriptor, or -1: the entry is passed over, and its `revents` are 0.
   * @param events - `POLLIN | POLLOUT`, …; 0: only what is always reported, `POLLERR`, `POLLHUP` and
   * `POLLNVAL`.
   */
  set(index: number, fd: number, events: number): void {
    checkInteger('index', index, 0, this.capacity - 1);
    checkInteger('fd', fd, -1, 0x7fffffff);
    checkInteger('events', events, 0, EVENTS_MAX);
    this.#fds[index * 2] = fd;
    this.#events[index * SHORTS_PER_ENTRY + 2] = events;
    this.#events[index * SHORTS_PER_ENTRY + 3] = 0;
  }

  /** The descriptor of entry `index`; -1: it is passed over. */
  fd(index: number): number {
    checkInteger('index', index, 0, this.capacity - 1);
    return this.#fds[index * 2] ?? -1;
  }

  /** What entry `index` asks for. */
  events(index: number): number {
    checkInteger('index', index, 0, this.capacity - 1);
    return this.#events[index * SHORTS_PER_ENTRY + 2] ?? 0;
  }

  /** What the last call has found of entry `index`; 0: nothing. */
  revents(index: number): number {
    checkInteger('index', index, 0, this.capacity - 1);
    return this.#events[index * SHORTS_PER_ENTRY + 3] ?? 0;
  }

  /** @internal what native code reads and fills, or undefined when `value` is none of ours. */
  static recordsIn(value: unknown): Uint8Array | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #records in value ? value.#records : undefined;
  }
}

/**
 * Waits until a descriptor of an array is ready. All of them are looked at in every call.
 *
 * It blocks this thread unless `timeoutMs` is 0: neither promises nor timers run meanwhile, and a worker that
 * waits in it cannot be terminated. A signal ends it with -EINTR.
 *
 * @param fds - the entries; their `revents` are filled. A closed descriptor is reported there, by
 * `POLLNVAL`, and makes the call no error.
 * @param nfds - how many of them, 0 to `fds.capacity`. With 0 it only waits.
 * @param timeoutMs - whole milliseconds up to 2^31 - 1; -1 blocks, 0 polls.
 * @returns count of entries with something in their `revents`, 0: time is up; or -errno: -EINTR, -EINVAL
 * (more entries than the process may have descriptors), -ENOMEM.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see poll(2)
 */
export function poll(fds: PollDescriptors, nfds: number, timeoutMs: number): number {
  const records = entriesOf(fds, nfds);
  checkInteger('timeoutMs', timeoutMs, -1, 0x7fffffff);
  const result = native.poll(records, nfds, timeoutMs);
  return result === REFUSED ? refuseUnnamed() : result;
}

/**
 * The same with a time in fractions of a millisecond, and with another signal mask while it waits. macOS
 * lacks it: -ENOSYS.
 *
 * @param fds - as for {@link poll}, as are `nfds` and the result.
 * @param timeoutMs - milliseconds up to 2^31 - 1, fractions honoured to the nanosecond, rounded up; -1
 * blocks, 0 polls.
 * @param sigmask - numbers of the signals that wait until the call has ended, in place of those that do now;
 * null, the default: no change. A number that is no signal is -EINVAL.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see ppoll(2)
 */
export function ppoll(
  fds: PollDescriptors,
  nfds: number,
  timeoutMs: number,
  sigmask: SignalMask | null = null,
): number {
  const records = entriesOf(fds, nfds);
  checkWaitMs(timeoutMs);
  const result = native.ppoll(records, nfds, timeoutMs, signalsOf(sigmask));
  return result === REFUSED ? refuseUnnamed() : result;
}

function entriesOf(fds: unknown, nfds: unknown): Uint8Array {
  const records = PollDescriptors.recordsIn(fds);
  if (records === undefined) throw invalidType('fds', 'a PollDescriptors', fds);
  checkInteger('nfds', nfds, 0, records.length / ENTRY_BYTES);
  return records;
}
