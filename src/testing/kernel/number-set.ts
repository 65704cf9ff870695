// What poll(2) and select(2) watch, as native/core/watch_table.h keeps it: numbers, not open files. A wait looks
// at all of them, and there are no edges. A number that was closed, or that has another file by now, is
// reported once as an error.
import { constants } from 'node:os';
import { Interest, Readiness, TRIGGERS } from '../../poller/index.ts';
import {
  ALWAYS,
  type Pretended,
  pretendedOf,
  type Report,
  readinessOf,
  type Wanted,
  wordOf,
} from './interest-set.ts';
import { type OpenFile, Poll } from './open-file.ts';
import type { DescriptorTable } from './table.ts';

const { EBADF, EEXIST, ENOENT, ENOTSUP } = constants.errno;
const GONE = Readiness.Error | Readiness.Readable | Readiness.Writable;
const EVERY_INTEREST = Interest.Readable | Interest.Writable | Interest.Priority;

interface Watch {
  readonly fd: number;
  readonly file: OpenFile;
  wanted: Wanted;
  isArmed: boolean;
  /** It is reported once as ready, whatever it is. */
  pretended?: Pretended | undefined;
}

/** The numbers of one poller. */
export class NumberSet {
  readonly #table: DescriptorTable;
  readonly #isSelect: boolean;
  /** In the order in which they are looked at: what was reported goes to the end. */
  readonly #watches = new Map<number, Watch>();

  constructor(table: DescriptorTable, isSelect: boolean) {
    this.#table = table;
    this.#isSelect = isSelect;
  }

  /** @returns 0 or -errno. */
  add(fd: number, wanted: Wanted, isExclusive: boolean): number {
    if (isExclusive || !this.#has(wanted)) return -ENOTSUP;
    const file = this.#table.fileOf(fd);
    if (file === undefined) return -EBADF;
    if (this.#watches.get(fd)?.file === file) return -EEXIST;
    this.#watches.set(fd, { fd, file, wanted, isArmed: true });
    return 0;
  }

  /** @returns 0 or -errno. */
  modify(fd: number, wanted: Wanted): number {
    if (!this.#has(wanted)) return -ENOTSUP;
    const watch = this.#find(fd);
    if (typeof watch === 'number') return watch;
    watch.wanted = wanted;
    watch.isArmed = true;
    return 0;
  }

  /** @returns 0 or -errno. */
  remove(fd: number): number {
    const watch = this.#find(fd);
    this.#watches.delete(fd);
    return typeof watch === 'number' ? watch : 0;
  }

  /** Reports once that a number is ready, whatever it is. @returns whether it is watched. */
  pretend(fd: number, pretended: Pretended): boolean {
    const watch = this.#find(fd);
    if (typeof watch === 'number') return false;
    watch.pretended = pretended;
    return true;
  }

  /** There is nothing that is older than its number. */
  rebuild(): void {
    // Each wait looks at all of them anew.
  }

  clear(): void {
    this.#watches.clear();
  }

  /** Whether a wait would bring something. */
  get isReady(): boolean {
    return this.#closed.length > 0 || this.#ready.length > 0;
  }

  /** What a wait brings, `countMax` at most. @param first - which of the ready ones is the first. */
  take(countMax: number, first: (readyCount: number) => number): Report[] {
    const closed = this.#closed;
    // EBADF spoils the whole call of select.
    const ready = this.#isSelect && closed.length > 0 ? closed : [...closed, ...this.#ready];
    const at = first(ready.length);
    const chosen = [...ready.slice(at), ...ready.slice(0, at)].slice(0, countMax);
    return chosen.map((watch) => this.#report(watch));
  }

  get #armed(): Watch[] {
    return [...this.#watches.values()].filter(({ isArmed }) => isArmed);
  }

  get #closed(): Watch[] {
    const closed = this.#armed.filter(({ fd }) => this.#table.fileOf(fd) === undefined);
    // select does not look at numbers that nothing is asked of.
    const isSeen = ({ wanted }: Watch): boolean => !this.#isSelect || wanted.interest !== 0;
    return closed.some(isSeen) ? closed : [];
  }

  get #ready(): Watch[] {
    return this.#armed.filter((watch) => this.#readinessOf(watch) !== 0);
  }

  #readinessOf({ fd, wanted, pretended }: Watch): number {
    const file = this.#table.fileOf(fd);
    if (file === undefined) return 0;
    const interest = wanted.interest as Interest;
    const pretending = pretendedOf(pretended, interest);
    if (this.#isSelect) return selected(file.poll(), interest) | pretending;
    return readinessOf(file.poll(), interest, file.kind === 'pipe') | pretending;
  }

  #report(watch: Watch): Report {
    const { fd, file, wanted } = watch;
    const { slot, generation, interest, trigger } = wanted;
    const now = this.#table.fileOf(fd);
    const isGone = now !== file;
    const word = (now?.poll() ?? 0) & wordOf(interest as Interest);
    const readiness = isGone ? GONE & (interest | ALWAYS) : this.#readinessOf(watch);
    const firesOnce = TRIGGERS[trigger] === 'oneshot' || interest === Interest.None;
    if (watch.pretended !== undefined) watch.pretended.fired++;
    watch.pretended = undefined;
    if (firesOnce || isGone) watch.isArmed = false;
    this.#watches.delete(fd);
    this.#watches.set(fd, watch);
    return { slot, generation, readiness, word };
  }

  #has({ interest, trigger }: Wanted): boolean {
    const interests = this.#isSelect ? EVERY_INTEREST : EVERY_INTEREST | Interest.ReadClosed;
    return (interest & ~interests) === 0 && !(TRIGGERS[trigger] ?? '').startsWith('edge');
  }

  #find(fd: number): Watch | number {
    const file = this.#table.fileOf(fd);
    if (file === undefined) return -EBADF;
    const watch = this.#watches.get(fd);
    return watch?.file === file ? watch : -ENOENT;
  }
}

// select(2) has three sets, and no words for an end or an error.
function selected(poll: number, interest: Interest): number {
  const { In, Out, Priority, HangUp, Error: Failed } = Poll;
  let bits = 0;
  if ((poll & (In | HangUp | Failed)) !== 0) bits |= Readiness.Readable;
  if ((poll & (Out | Failed)) !== 0) bits |= Readiness.Writable;
  if ((poll & Priority) !== 0) bits |= Readiness.Priority;
  return bits & interest;
}
