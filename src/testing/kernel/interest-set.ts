// What one epoll set watches, and what a wait reports of it. An entry belongs to the pair of an open file and
// the number that it was added by, and outlives the number while a duplicate keeps the file open. As in
// fs/eventpoll.c there is a list of entries that may be ready: what happens to a file puts its entries there, a
// wait looks at those and at no others, and puts what it has reported by level at the end. epoll(7).
//
// Under an edge trigger an entry is reported once after something has happened. Linux counts each arrival as
// an edge; the strictest kernel that is allowed reports an entry only where something that it asks for was not
// ready before.
import { constants } from 'node:os';
import { Interest, Readiness, TRIGGERS, type Trigger } from '../../poller/index.ts';
import { type Activity, type OpenFile, Poll, type Watcher } from './open-file.ts';
import type { DescriptorTable } from './table.ts';

const { EBADF, EEXIST, EINVAL, ENOENT } = constants.errno;
const { Readable, Writable, Priority, ReadClosed, WriteClosed } = Readiness;
/** Reported whatever is asked for. */
export const ALWAYS: number = ReadClosed | WriteClosed | Readiness.Error;

/** What a wait reports. */
export interface Report {
  readonly slot: number;
  readonly generation: number;
  readonly readiness: number;
  /** epoll's own word. */
  readonly word: number;
}

/** What an entry is added or modified with. */
export interface Wanted {
  readonly slot: number;
  readonly generation: number;
  readonly interest: number;
  /** By its number. */
  readonly trigger: number;
}

/** A report of what may not be so. */
export interface Pretended {
  /** How often it was reported. */
  fired: number;
}

/** How strict the edges of a kernel are. */
export type Edges = 'linux' | 'strict';

class Entry implements Watcher {
  readonly fd: number;
  readonly file: OpenFile;
  readonly isExclusive: boolean;
  readonly #set: InterestSet;
  slot = 0;
  generation = 0;
  interest: Interest = Interest.None;
  trigger: Trigger = 'level';
  isArmed = true;
  /** It is reported once as ready, whatever it is. */
  pretended: Pretended | undefined;

  constructor(set: InterestSet, fd: number, file: OpenFile, isExclusive: boolean) {
    this.#set = set;
    this.fd = fd;
    this.file = file;
    this.isExclusive = isExclusive;
  }

  /** It is looked at again only when something has happened. */
  get isEdge(): boolean {
    const { trigger } = this;
    if (trigger === 'edge' || trigger === 'edge-oneshot') return true;
    return this.isExclusive && this.interest === Interest.None;
  }

  /** It is reported once: a oneshot, and the hang-up of a paused one. */
  get firesOnce(): boolean {
    const { trigger } = this;
    if (trigger === 'oneshot' || trigger === 'edge-oneshot') return true;
    return this.interest === Interest.None && !this.isExclusive;
  }

  get readiness(): number {
    if (!this.isArmed) return 0;
    const readiness = readinessOf(this.file.poll(), this.interest, this.file.kind === 'pipe');
    return readiness | pretendedOf(this.pretended, this.interest);
  }

  arm({ slot, generation, interest, trigger }: Wanted): void {
    this.slot = slot;
    this.generation = generation;
    this.interest = interest;
    this.trigger = TRIGGERS[trigger] ?? 'level';
    this.isArmed = true;
  }

  onActivity(activity: Activity, gained: number): void {
    const isSocket = this.file.kind === 'socket';
    if (!this.isArmed || !isAsked(activity, this.interest, isSocket)) return;
    const after = this.file.poll();
    const isPipe = this.file.kind === 'pipe';
    const was = readinessOf(after & ~gained, this.interest, isPipe);
    this.#set.onActivity(this, (readinessOf(after, this.interest, isPipe) & ~was) !== 0);
  }

  onRelease(): void {
    this.#set.forget(this);
  }
}

/** The entries of one poller. */
export class InterestSet {
  readonly #table: DescriptorTable;
  readonly #edges: Edges;
  readonly #byFile = new Map<OpenFile, Entry[]>();
  /** What was added last under a number: any other entry of that number is a ghost. */
  readonly #added = new Map<number, Entry>();
  /** Those that may be ready, in the order in which they are looked at. */
  readonly #ready = new Set<Entry>();

  constructor(table: DescriptorTable, edges: Edges) {
    this.#table = table;
    this.#edges = edges;
  }

  /**
   * Something has happened to an entry that asks for it.
   *
   * @param isChange - something that it asks for was not ready before.
   */
  onActivity(entry: Entry, isChange: boolean): void {
    if (isChange || this.#edges === 'linux') this.#ready.add(entry);
  }

  /** @returns 0 or -errno, as EPOLL_CTL_ADD. */
  add(fd: number, wanted: Wanted, isExclusive: boolean): number {
    const file = this.#table.fileOf(fd);
    if (file === undefined) return -EBADF;
    const isOneshot = (TRIGGERS[wanted.trigger] ?? '').endsWith('oneshot');
    const forbidden = Interest.Priority | Interest.ReadClosed;
    if (isExclusive && (isOneshot || (wanted.interest & forbidden) !== 0)) return -EINVAL;
    const entries = this.#byFile.get(file);
    if (entries?.some((entry) => entry.fd === fd) === true) return -EEXIST;
    const entry = new Entry(this, fd, file, isExclusive);
    if (entries === undefined) this.#byFile.set(file, [entry]);
    else entries.push(entry);
    file.watchers.add(entry);
    this.#added.set(fd, entry);
    entry.arm(wanted);
    this.#ready.add(entry);
    return 0;
  }

  /** @returns 0 or -errno, as EPOLL_CTL_MOD. */
  modify(fd: number, wanted: Wanted): number {
    const entry = this.#find(fd);
    if (typeof entry === 'number') return entry;
    if (entry !== this.#added.get(fd)) return -ENOENT;
    if (entry.isExclusive) return -EINVAL;
    entry.arm(wanted);
    this.#ready.add(entry);
    return 0;
  }

  /** @returns 0 or -errno, as EPOLL_CTL_DEL. */
  remove(fd: number): number {
    const entry = this.#find(fd);
    const added = this.#added.get(fd);
    this.#added.delete(fd);
    if (typeof entry === 'number') return entry;
    this.forget(entry);
    return entry === added ? 0 : -ENOENT;
  }

  /** Takes an entry out. */
  forget(entry: Entry): void {
    const { file } = entry;
    file.watchers.delete(entry);
    this.#ready.delete(entry);
    const others = (this.#byFile.get(file) ?? []).filter((other) => other !== entry);
    if (others.length === 0) this.#byFile.delete(file);
    else this.#byFile.set(file, others);
  }

  /** Reports once that what is watched under a number is ready, whatever it is. @returns whether it is watched. */
  pretend(fd: number, pretended: Pretended): boolean {
    const entry = this.#added.get(fd);
    if (entry === undefined || this.#table.fileOf(fd) !== entry.file) return false;
    entry.pretended = pretended;
    this.#ready.add(entry);
    return true;
  }

  /** Forgets the ghosts; those that are left are looked at again. */
  rebuild(): void {
    for (const entry of [...this.#byFile.values()].flat()) {
      const isGhost = this.#added.get(entry.fd) !== entry;
      if (isGhost || this.#table.fileOf(entry.fd) !== entry.file) this.forget(entry);
      else {
        entry.isArmed = true;
        this.#ready.add(entry);
      }
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#added.clear();
    for (const entry of [...this.#byFile.values()].flat()) this.forget(entry);
  }

  /** Whether a wait would bring something. */
  get isReady(): boolean {
    for (const entry of this.#ready) {
      if (entry.readiness !== 0) return true;
    }
    return false;
  }

  /** What a wait brings, `countMax` at most. @param first - which of the ready ones is the first. */
  take(countMax: number, first: (readyCount: number) => number): Report[] {
    const ready: Entry[] = [];
    for (const entry of this.#ready) {
      // What was looked at and is not ready waits until something happens.
      if (entry.readiness === 0) this.#ready.delete(entry);
      else ready.push(entry);
    }
    const at = first(ready.length);
    const chosen = at === 0 ? ready : [...ready.slice(at), ...ready.slice(0, at)];
    return chosen.slice(0, countMax).map((entry) => this.#report(entry));
  }

  #report(entry: Entry): Report {
    const { slot, generation, readiness, interest } = entry;
    this.#ready.delete(entry);
    if (entry.pretended !== undefined) entry.pretended.fired++;
    entry.pretended = undefined;
    if (entry.firesOnce) entry.isArmed = false;
    else if (!entry.isEdge) this.#ready.add(entry);
    return { slot, generation, readiness, word: entry.file.poll() & wordOf(interest) };
  }

  #find(fd: number): Entry | number {
    const file = this.#table.fileOf(fd);
    if (file === undefined) return -EBADF;
    return this.#byFile.get(file)?.find((entry) => entry.fd === fd) ?? -ENOENT;
  }
}

/** What is reported of something that may not be so. */
export function pretendedOf(pretended: Pretended | undefined, interest: number): number {
  return pretended === undefined ? 0 : interest & (Interest.Readable | Interest.Writable);
}

// Linux wakes what waits for priority data when a socket gets any data.
function isAsked(activity: Activity, interest: Interest, isSocket: boolean): boolean {
  if (activity === 'state') return true;
  if (activity === 'space') return (interest & Interest.Writable) !== 0;
  return (interest & (isSocket ? Interest.Readable | Interest.Priority : Interest.Readable)) !== 0;
}

/** What an entry is armed with, and what nothing masks. */
export function wordOf(interest: Interest): number {
  let word: number = Poll.Error | Poll.HangUp;
  if ((interest & Interest.Readable) !== 0) word |= Poll.In | Poll.ReadHangUp;
  if ((interest & Interest.ReadClosed) !== 0) word |= Poll.ReadHangUp;
  if ((interest & Interest.Writable) !== 0) word |= Poll.Out;
  if ((interest & Interest.Priority) !== 0) word |= Poll.Priority;
  return word;
}

/** As native/core/epoll_events.h has it. */
export function readinessOf(poll: number, interest: Interest, isPipe: boolean): number {
  const word = poll & wordOf(interest);
  const onlyReads = (interest & (Interest.Readable | Interest.Writable)) === Interest.Readable;
  let bits = 0;
  if ((word & Poll.In) !== 0) bits |= Readable;
  if ((word & Poll.Out) !== 0) bits |= Writable;
  if ((word & Poll.Priority) !== 0) bits |= Priority;
  if ((word & Poll.ReadHangUp) !== 0) bits |= ReadClosed | Readable;
  if ((word & Poll.HangUp) !== 0) bits |= ReadClosed | WriteClosed | Readable | Writable;
  if ((word & Poll.Error) !== 0) {
    bits |= Readiness.Error | Readable | Writable;
    if (isPipe && !onlyReads) bits |= WriteClosed;
  }
  return bits & (interest | ALWAYS);
}
