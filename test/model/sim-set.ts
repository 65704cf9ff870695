// A simulated interest set over the simulated kernel: what epoll, poll and select keep and report.
// epoll keeps (description, number) pairs, which outlive the number; poll and select keep numbers.
//
// Under the edge triggers there are two lines: an entry with `isEdge` must be reported if it is
// ready, one with `isActive` may be, since a kernel may see edges where nothing changed.
import { type Backend, Interest, Readiness, type Trigger } from '../../src/poller/interest.ts';
import type {
  ActivityKind,
  KernelListener,
  PollState,
  SimEndpoint,
  SimKernel,
} from './sim-kernel.ts';

/** The name of an error; undefined: it worked. */
export type Code = string | undefined;

export interface SimEntry<Cookie> {
  readonly fd: number;
  readonly endpoint: SimEndpoint;
  cookie: Cookie;
  interest: number;
  trigger: Trigger;
  isArmed: boolean;
  /** A oneshot that may have fired, or had when the set was built anew, which may have armed it. */
  isDoubtful: boolean;
  isEdge: boolean;
  isActive: boolean;
  /** Counts the arming: a report from before a re-arming does not disarm. */
  armCount: number;
}

/** What a wait says of one entry. */
export interface SimRecord<Cookie> {
  readonly cookie: Cookie;
  readonly entry: SimEntry<Cookie>;
  readonly armCount: number;
  /** Readiness bits that are set. */
  readonly known: number;
  /** Readiness bits that may be set. */
  readonly unknown: number;
  /** Whether every kernel reports it. */
  readonly isCertain: boolean;
}

interface Ready {
  readonly known: number;
  readonly unknown: number;
}

const { Readable, Writable, ReadClosed, WriteClosed } = Readiness;
const FAILED = Readiness.Error | Readable | Writable;

function isEdgeTrigger(trigger: Trigger): boolean {
  return trigger === 'edge' || trigger === 'edge-oneshot';
}

/** A oneshot, and the hang-up of a paused entry, are reported once. */
export function firesOnce({ trigger, interest }: SimEntry<unknown>): boolean {
  return trigger === 'oneshot' || trigger === 'edge-oneshot' || interest === Interest.None;
}

/** What is reported to an interest: what it asks for, and the bits that nothing masks. */
function reportedOf(interest: number): number {
  return interest | ReadClosed | WriteClosed | Readiness.Error;
}

function readyOf(style: Backend, state: PollState, interest: number): Ready {
  const wantsRead = (interest & Interest.Readable) !== 0;
  const wantsWrite = (interest & Interest.Writable) !== 0;
  let known = 0;
  if (style === 'select') {
    if (wantsRead && (state.isReadable || state.isHungUp || state.hasError)) known |= Readable;
    if (wantsWrite && (state.writable === 'yes' || state.hasError)) known |= Writable;
  } else {
    if (wantsRead && state.isReadable) known |= Readable;
    if (wantsRead && state.isReadClosed) known |= Readable | ReadClosed;
    if (wantsWrite && state.writable === 'yes') known |= Writable;
    if (state.isHungUp) known |= ReadClosed | WriteClosed | Readable | Writable;
    if (state.hasError) known |= FAILED;
    // The error of a pipe is that its last reader has gone, which is for those that write.
    if (state.hasError && state.isPipe && (wantsWrite || !wantsRead)) known |= WriteClosed;
  }
  known &= reportedOf(interest);
  const unknown = wantsWrite && state.writable === 'unknown' ? Writable & ~known : 0;
  return { known, unknown };
}

export interface SimSetOptions {
  readonly style: Backend;
  /** An edge only where something that an entry asks for was not ready: the strictest that a kernel may be. */
  readonly isStrict?: boolean;
}

export class SimSet<Cookie> implements KernelListener {
  entries: SimEntry<Cookie>[] = [];
  readonly #kernel: SimKernel;
  readonly #style: Backend;
  readonly #isStrict: boolean;
  /** What was added last under a number: an older entry of that number is a ghost. */
  readonly #added = new Map<number, SimEndpoint>();

  constructor(kernel: SimKernel, { style, isStrict = false }: SimSetOptions) {
    this.#kernel = kernel;
    this.#style = style;
    this.#isStrict = isStrict;
    kernel.listen(this);
  }

  get #keepsDescriptions(): boolean {
    return this.#style === 'epoll';
  }

  /** The entry that add, modify and remove of `fd` are about. */
  find(fd: number): SimEntry<Cookie> | undefined {
    const endpoint = this.#kernel.endpoint(fd);
    return this.entries.find(
      (entry) => entry.fd === fd && (!this.#keepsDescriptions || entry.endpoint === endpoint),
    );
  }

  add(fd: number, cookie: Cookie, interest: number, trigger: Trigger): Code {
    const endpoint = this.#kernel.endpoint(fd);
    if (endpoint === undefined) return 'EBADF';
    const old = this.find(fd);
    if (old !== undefined && old.endpoint === endpoint) return 'EEXIST';
    if (old !== undefined) this.#drop(old);
    const armed = { isArmed: true, isDoubtful: false, isEdge: true, isActive: true, armCount: 0 };
    this.entries.push({ fd, endpoint, cookie, interest, trigger, ...armed });
    this.#added.set(fd, endpoint);
    return undefined;
  }

  modify(fd: number, cookie: Cookie, interest: number, trigger: Trigger): Code {
    const endpoint = this.#kernel.endpoint(fd);
    if (endpoint === undefined) return 'EBADF';
    const entry = this.find(fd);
    if (entry === undefined || entry.endpoint !== endpoint) return 'ENOENT';
    if ((this.#added.get(fd) ?? endpoint) !== endpoint) return 'ENOENT';
    Object.assign(entry, { cookie, interest, trigger });
    Object.assign(entry, { isArmed: true, isDoubtful: false, isEdge: true, isActive: true });
    entry.armCount++;
    return undefined;
  }

  remove(fd: number): Code {
    const endpoint = this.#kernel.endpoint(fd);
    const entry = this.find(fd);
    if (entry !== undefined) this.#drop(entry);
    this.#added.delete(fd);
    if (endpoint === undefined) return 'EBADF';
    return entry !== undefined && entry.endpoint === endpoint ? undefined : 'ENOENT';
  }

  /** Forgets the entries that `isLive` does not name; the others are looked at anew. */
  rebuild(isLive: (entry: SimEntry<Cookie>) => boolean): void {
    this.entries = this.entries.filter(isLive);
    for (const entry of this.entries) {
      entry.isActive = true;
      entry.isDoubtful ||= !entry.isArmed;
      entry.isArmed = true;
    }
  }

  /** What a wait of no time reports. */
  wait(): SimRecord<Cookie>[] {
    const closed = this.#keepsDescriptions ? [] : this.#takeClosed();
    const isBroken = this.#style === 'select' && closed.length > 0;
    if (isBroken) return closed; // EBADF spoils the whole call
    return [...closed, ...this.entries.flatMap((entry) => this.#report(entry) ?? [])];
  }

  disarmAfter(record: SimRecord<Cookie>): void {
    const { entry, armCount } = record;
    if (entry.armCount === armCount && firesOnce(entry)) entry.isArmed = false;
  }

  onActivity(endpoint: SimEndpoint, kind: ActivityKind, before: PollState): void {
    const after = this.#kernel.poll(endpoint);
    for (const entry of this.entries) {
      if (entry.endpoint !== endpoint || !concerns(kind, entry.interest)) continue;
      if (this.#isStrict) this.#gain(entry, before, after);
      else {
        entry.isActive = true;
        entry.isEdge ||= isEdgeOfLinux(kind, entry.interest, before, after);
      }
    }
  }

  // Certain is what was surely not ready and surely is, possible what perhaps was not and perhaps is.
  #gain(entry: SimEntry<Cookie>, before: PollState, after: PollState): void {
    const was = readyOf(this.#style, before, entry.interest);
    const is = readyOf(this.#style, after, entry.interest);
    entry.isEdge ||= (is.known & ~(was.known | was.unknown)) !== 0;
    entry.isActive ||= ((is.known | is.unknown) & ~was.known) !== 0;
  }

  onRelease(endpoint: SimEndpoint): void {
    if (!this.#keepsDescriptions) return;
    this.entries = this.entries.filter((entry) => entry.endpoint !== endpoint);
  }

  #takeClosed(): SimRecord<Cookie>[] {
    const isGone = (entry: SimEntry<Cookie>): boolean =>
      entry.isArmed && this.#kernel.endpoint(entry.fd) === undefined;
    const isSeen = ({ interest }: SimEntry<Cookie>): boolean =>
      this.#style !== 'select' || interest !== Interest.None;
    const gone = this.entries.filter(isGone);
    if (!gone.some(isSeen)) return [];
    return gone.map((entry) => {
      entry.isArmed = false;
      const { cookie, armCount } = entry;
      const known = FAILED & reportedOf(entry.interest);
      return { cookie, entry, armCount, known, unknown: 0, isCertain: true };
    });
  }

  #report(entry: SimEntry<Cookie>): SimRecord<Cookie> | undefined {
    const { cookie, armCount, isEdge, isActive, isDoubtful, trigger, interest } = entry;
    const endpoint = this.#keepsDescriptions ? entry.endpoint : this.#kernel.endpoint(entry.fd);
    if (!entry.isArmed || endpoint === undefined) return undefined;
    const isLevel = !isEdgeTrigger(trigger);
    if (!isLevel && !isEdge && !isActive) return undefined;
    entry.isEdge = false;
    entry.isActive = false;
    const { known, unknown } = readyOf(this.#style, this.#kernel.poll(endpoint), interest);
    if ((known | unknown) === 0) return undefined;
    const isCertain = known !== 0 && (isLevel || isEdge) && !isDoubtful;
    if (endpoint !== entry.endpoint) {
      // The number stands for another file: an error, reported once, when that one is ready.
      entry.isArmed = !isCertain;
      const failed = FAILED & reportedOf(interest);
      return { cookie, entry, armCount, known: failed, unknown: 0, isCertain };
    }
    const record = { cookie, entry, armCount, known, unknown, isCertain };
    if (isCertain) this.disarmAfter(record);
    return record;
  }

  #drop(dropped: SimEntry<Cookie>): void {
    this.entries = this.entries.filter((entry) => entry !== dropped);
  }
}

// Each arrival of data is one for those that read, and a change of state for all.
function isEdgeOfLinux(
  kind: ActivityKind,
  interest: number,
  before: PollState,
  after: PollState,
): boolean {
  if (kind === 'data') return (interest & Interest.Readable) !== 0;
  if (kind === 'space') return before.writable === 'no' && after.writable === 'yes';
  return kind === 'state' && JSON.stringify(before) !== JSON.stringify(after);
}

// Linux wakes what waits for priority data when any data comes.
function concerns(kind: ActivityKind, interest: number): boolean {
  if (kind === 'state') return true;
  const asked = kind === 'space' ? Interest.Writable : Interest.Readable | Interest.Priority;
  return (interest & asked) !== 0;
}
