// The raw kqueue of macOS and the BSDs, as the manual pages have it. For work, there is the Poller;
// this is for seeing what it does. On Linux both calls return -ENOSYS.
import { invalidType } from '../errors.ts';
import { native } from '../native.ts';
import {
  checkFd,
  checkInteger,
  checkObject,
  checkTimeoutMs,
  REFUSED,
  refuseUnnamed,
} from '../validate.ts';

const EVENTS_MAX = 512;
const RECORD_SIZE = 40; // KeventRecord in native/addon/kqueue_wrap.cc
const SAFE_MAX = Number.MAX_SAFE_INTEGER;

/** One `struct kevent`. */
export interface Kevent {
  /** What is watched: for `EVFILT_READ` and `EVFILT_WRITE`, a descriptor. */
  readonly ident: number;
  /** `EVFILT_READ`, … A number, not a bit: reading and writing are two entries. */
  readonly filter: number;
  /** `EV_ADD | EV_CLEAR`, …; 0 when absent. In a result `EV_EOF` and `EV_ERROR`. */
  readonly flags?: number | undefined;
  /** Flags of the filter, `NOTE_…`; 0 when absent. */
  readonly fflags?: number | undefined;
  /** A number of the filter: bytes to read, room to write, an errno after `EV_ERROR`. */
  readonly data?: number | undefined;
  /** Handed back with each event, 0 to 2^53 - 1; 0 when absent. */
  readonly udata?: number | undefined;
}

/** An array of `struct kevent`, for the changes that `kevent` makes or the events that it finds. */
export class KeventList {
  /** How many entries there is room for. */
  readonly capacity: number;
  readonly #records: Uint8Array;
  readonly #view: DataView;

  /** @param capacity - 1 to 512. */
  constructor(capacity: number) {
    this.capacity = checkInteger('capacity', capacity, 1, EVENTS_MAX);
    this.#records = new Uint8Array(capacity * RECORD_SIZE);
    this.#view = new DataView(this.#records.buffer);
  }

  /** Writes entry `index`: what `EV_SET` does in C. */
  set(index: number, event: Kevent): void {
    const at = this.#offset(index);
    checkObject('event', event);
    const { ident, filter, flags = 0, fflags = 0, data = 0, udata = 0 } = event;
    checkInteger('event.ident', ident, 0, SAFE_MAX);
    checkInteger('event.filter', filter, -0x80000000, 0x7fffffff);
    checkInteger('event.flags', flags, -0x80000000, 0xffffffff);
    checkInteger('event.fflags', fflags, -0x80000000, 0xffffffff);
    checkInteger('event.data', data, -SAFE_MAX, SAFE_MAX);
    checkInteger('event.udata', udata, 0, SAFE_MAX);
    const view = this.#view;
    view.setFloat64(at, ident, true);
    view.setFloat64(at + 8, data, true);
    view.setFloat64(at + 16, udata, true);
    view.setInt32(at + 24, filter, true);
    view.setUint32(at + 28, flags, true);
    view.setUint32(at + 32, fflags, true);
  }

  /** Reads entry `index`. */
  get(index: number): Required<Kevent> {
    const at = this.#offset(index);
    const view = this.#view;
    return {
      ident: view.getFloat64(at, true),
      filter: view.getInt32(at + 24, true),
      flags: view.getUint32(at + 28, true),
      fflags: view.getUint32(at + 32, true),
      data: view.getFloat64(at + 8, true),
      udata: view.getFloat64(at + 16, true),
    };
  }

  #offset(index: number): number {
    return checkInteger('index', index, 0, this.#records.length / RECORD_SIZE - 1) * RECORD_SIZE;
  }

  /** @internal what native code reads and fills, or undefined when `value` is none of ours. */
  static recordsIn(value: unknown): Uint8Array | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #records in value ? value.#records : undefined;
  }
}

/**
 * Makes a kernel event queue, close-on-exec.
 *
 * @returns the descriptor, which the caller closes, or -errno: -ENOSYS on Linux.
 * @see kqueue(2)
 */
export function kqueue(): number {
  return native.kqueue();
}

/**
 * Changes what a queue watches, then waits for events, in one call.
 *
 * An error of a change comes as an event with `EV_ERROR` in its flags and the errno in its data, if
 * there is room for it; else as the result. With events to wait for it blocks this thread.
 *
 * @param kq - the queue.
 * @param changes - the changes; undefined: none.
 * @param nchanges - how many of them, 0 to its capacity.
 * @param events - filled; undefined: do not wait. It may be the same list.
 * @param nevents - most events to take, 0 to its capacity.
 * @param timeoutMs - milliseconds up to 2^31 - 1; -1 blocks, 0 polls, fractions are honoured.
 * @returns count of events, 0: time is up; or -errno: -ENOSYS on Linux.
 * @see kevent(2)
 */
export function kevent(
  kq: number,
  changes: KeventList | undefined,
  nchanges: number,
  events: KeventList | undefined,
  nevents: number,
  timeoutMs: number,
): number {
  const from = recordsOf('changes', changes);
  const into = recordsOf('events', events);
  const result = native.kevent(kq, from, nchanges, into, nevents, timeoutMs);
  if (result !== REFUSED) return result;
  checkFd(kq, 'kq');
  checkInteger('nchanges', nchanges, 0, changes?.capacity ?? 0);
  checkInteger('nevents', nevents, 0, events?.capacity ?? 0);
  checkTimeoutMs(timeoutMs);
  checkInteger('timeoutMs', Math.ceil(timeoutMs), -1, 0x7fffffff);
  return refuseUnnamed();
}

const noRecords = new Uint8Array(0);

function recordsOf(name: string, list: KeventList | undefined): Uint8Array {
  if (list === undefined) return noRecords;
  const records = KeventList.recordsIn(list);
  if (records === undefined) throw invalidType(name, 'a KeventList', list);
  return records;
}
