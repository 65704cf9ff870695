// Changes of files as a descriptor. Linux only; on macOS and the BSDs there is EVFILT_VNODE.
import { endianness } from 'node:os';
import { types } from 'node:util';
import { invalidType, invalidValue, outOfRange } from '../errors.ts';
import { native } from '../native.ts';
import {
  checkBytes,
  checkFd,
  checkFlags,
  checkInteger,
  checkUint32,
  REFUSED,
} from '../validate.ts';

const IS_LITTLE_ENDIAN = endianness() === 'LE';
const HEADER_SIZE = 16; // struct inotify_event without its name

/**
 * Makes a descriptor that is readable when a watched file or folder has changed, close-on-exec.
 * Linux only.
 *
 * @param flags - `IN_NONBLOCK`; 0 when absent.
 * @returns the descriptor, which the caller closes, or -errno: -EMFILE: too many of this user.
 * -ENOSYS where there is none.
 * @see inotify_init1(2), inotify(7)
 */
export function inotify_init1(flags = 0): number {
  checkFlags('flags', flags);
  return native.inotify_init1(flags);
}

/**
 * Watches a file or a folder, or changes what is watched for. Linux only.
 *
 * @param path - text as UTF-8, or bytes; no zero among them.
 * @param mask - `IN_CREATE | IN_CLOSE_WRITE`, …
 * @returns the number of the watch, which events carry, or -errno: -ENOENT, -EACCES; -ENOSPC: too
 * many watches of this user.
 * @see inotify_add_watch(2)
 */
export function inotify_add_watch(fd: number, path: string | Uint8Array, mask: number): number {
  checkFd(fd);
  const isText = typeof path === 'string';
  if (!isText && !types.isUint8Array(path)) {
    throw invalidType('path', 'a string or a Uint8Array', path);
  }
  if (!isText) checkBytes('path', path);
  checkUint32('mask', mask);
  const bytes = isText ? Buffer.from(path) : path;
  const result = native.inotify_add_watch(fd, bytes, mask);
  if (result === REFUSED) throw invalidValue('path', 'without a zero in it', path);
  return result;
}

/**
 * Ends a watch; an event with `IN_IGNORED` follows. Linux only.
 *
 * @param watch - what `inotify_add_watch` returned.
 * @returns 0 or -errno: -EINVAL: there is no such watch.
 * @see inotify_rm_watch(2)
 */
export function inotify_rm_watch(fd: number, watch: number): number {
  checkFd(fd);
  checkInteger('watch', watch, -0x80000000, 0x7fffffff);
  return native.inotify_rm_watch(fd, watch);
}

/** One `struct inotify_event`. */
export interface InotifyEvent {
  /** The number of the watch; -1 with `IN_Q_OVERFLOW`: events were lost, look at the files. */
  readonly watch: number;
  /** What happened, `IN_…`; unsigned. */
  readonly mask: number;
  /** The same number for both halves of a rename (`IN_MOVED_FROM`, `IN_MOVED_TO`), else 0. */
  readonly cookie: number;
  /** The name in the watched folder as UTF-8; empty for what is watched itself. */
  readonly name: string;
  /** The same as bytes, for names that are no UTF-8. A copy. */
  readonly nameBytes: Uint8Array;
}

/**
 * The events in what was read from an inotify descriptor. A read gives whole events only; with room
 * for less than one, which is at most 272 bytes, it is -EINVAL.
 *
 * @param bytes - what was read.
 * @param length - how much of it; all when absent.
 * @throws RangeError - ERR_OUT_OF_RANGE: the last event is cut off, so it is none of inotify's.
 * @see inotify(7)
 */
export function inotifyEvents(bytes: Uint8Array, length?: number): InotifyEvent[] {
  const size = checkBytes('bytes', bytes);
  const end = length === undefined ? size : checkInteger('length', length, 0, size);
  if (end === 0) return [];
  const copy = new Uint8Array(bytes); // by what it is: properties of it may say anything
  const view = new DataView(copy.buffer, 0, end);
  const events: InotifyEvent[] = [];
  for (let at = 0; at < end; ) {
    const nameSize = at + HEADER_SIZE <= end ? view.getUint32(at + 12, IS_LITTLE_ENDIAN) : end;
    const next = at + HEADER_SIZE + nameSize;
    if (next > end) throw outOfRange('bytes.length', `at least ${next} for whole events`, end);
    events.push(eventAt(view, at, nameSize));
    at = next;
  }
  return events;
}

// The name is filled up with zeros.
function eventAt(view: DataView, at: number, nameSize: number): InotifyEvent {
  const field = new Uint8Array(view.buffer, at + HEADER_SIZE, nameSize);
  const end = field.indexOf(0);
  const nameBytes = field.slice(0, end < 0 ? nameSize : end);
  return {
    watch: view.getInt32(at, IS_LITTLE_ENDIAN),
    mask: view.getUint32(at + 4, IS_LITTLE_ENDIAN),
    cookie: view.getUint32(at + 8, IS_LITTLE_ENDIAN),
    name: Buffer.from(nameBytes.buffer).toString('utf8'),
    nameBytes,
  };
}
