// The raw epoll of Linux, as the manual pages have it. For work, there is the Poller; this is for
// seeing what it does.
import { invalidType } from '../errors.ts';
import { native } from '../native.ts';
import { checkFd, checkFlags, checkInteger, REFUSED, refuseUnnamed } from '../validate.ts';

const EVENTS_MAX = 1024;
const RECORD_SIZE = 16; // EventRecord in native/addon/epoll_wrap.cc
const SAFE_MAX = Number.MAX_SAFE_INTEGER;

/** The array that `epoll_wait` fills: `struct epoll_event events[capacity]`. */
export class EpollEvents {
  /** How many events there is room for. */
  readonly capacity: number;
  readonly #records: Uint8Array;
  readonly #events: Uint32Array;
  readonly #data: Float64Array;

  /** @param capacity - 1 to 1024. */
  constructor(capacity: number) {
    this.capacity = checkInteger('capacity', capacity, 1, EVENTS_MAX);
    const memory = new ArrayBuffer(capacity * RECORD_SIZE);
    this.#records = new Uint8Array(memory);
    this.#events = new Uint32Array(memory);
    this.#data = new Float64Array(memory);
  }

  /** The bits of event `index`: `EPOLLIN`, `EPOLLHUP`, … */
  events(index: number): number {
    checkInteger('index', index, 0, this.capacity - 1);
    return this.#events[index * 4] ?? 0;
  }

  /** The data that was given to `epoll_ctl` for event `index`. */
  data(index: number): number {
    checkInteger('index', index, 0, this.capacity - 1);
    return this.#data[index * 2 + 1] ?? 0;
  }

  /** @internal what native code fills, or undefined when `value` is none of ours. */
  static recordsIn(value: unknown): Uint8Array | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #records in value ? value.#records : undefined;
  }
}

/**
 * Makes an epoll set, close-on-exec.
 *
 * @param flags - 0 or `EPOLL_CLOEXEC`, which is always added.
 * @returns the descriptor, which the caller closes, or -errno.
 * @see epoll_create1(2)
 */
export function epoll_create1(flags = 0): number {
  checkFlags('flags', flags);
  return native.epoll_create1(flags);
}

/**
 * Adds a descriptor to an epoll set, changes what is waited for, or removes it.
 *
 * @param epfd - the set.
 * @param op - `EPOLL_CTL_ADD`, `EPOLL_CTL_MOD` or `EPOLL_CTL_DEL`.
 * @param fd - the descriptor. Remove it before you close it: a duplicate would keep it in the set.
 * @param events - `EPOLLIN | EPOLLET`, …, signed or not; 0 when absent.
 * @param data - handed back with each event, 0 to 2^53 - 1; `fd` when absent.
 * @returns 0 or -errno: -EEXIST, -ENOENT, -EBADF, -EPERM (a regular file), -EINVAL, -ELOOP.
 * @see epoll_ctl(2), epoll(7)
 */
export function epoll_ctl(epfd: number, op: number, fd: number, events = 0, data = fd): number {
  checkFd(epfd, 'epfd');
  checkFlags('op', op);
  checkFd(fd);
  checkInteger('events', events, -0x80000000, 0xffffffff);
  checkInteger('data', data, 0, SAFE_MAX);
  return native.epoll_ctl(epfd, op, fd, events, data);
}

/**
 * Waits until a descriptor of an epoll set is ready.
 *
 * It blocks this thread: neither promises nor timers run meanwhile, and a worker that waits in it
 * cannot be terminated. A signal ends it with -EINTR.
 *
 * @param epfd - the set.
 * @param events - filled.
 * @param maxevents - 1 to `events.capacity`.
 * @param timeoutMs - whole milliseconds; -1 blocks, 0 polls.
 * @returns count of events, 0: time is up; or -errno: -EINTR, -EBADF, -EINVAL (no epoll set).
 * @see epoll_wait(2)
 */
export function epoll_wait(
  epfd: number,
  events: EpollEvents,
  maxevents: number,
  timeoutMs: number,
): number {
  const records = EpollEvents.recordsIn(events);
  if (records === undefined) throw invalidType('events', 'an EpollEvents', events);
  const result = native.epoll_wait(epfd, records, maxevents, timeoutMs);
  if (result !== REFUSED) return result;
  checkFd(epfd, 'epfd');
  checkInteger('maxevents', maxevents, 1, events.capacity);
  checkInteger('timeoutMs', timeoutMs, -1, 0x7fffffff);
  return refuseUnnamed();
}
