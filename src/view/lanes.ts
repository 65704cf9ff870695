// Which registration each event is of. A number is not an identity: a lane is a slot and a generation,
// and an event that only has a number, such as a call of what is not registered, is of the reactor.
import type { TraceStream } from '../trace/data.ts';
import { callOf, Kind } from '../trace/kinds.ts';
import type { CallTable } from './calls.ts';
import type { Columns, Held, Interval } from './model.ts';

/** The place of the lane of the reactor itself. */
export const REACTOR = 0;
/** Its key. */
export const REACTOR_KEY = 'reactor';
/** By kind: whether its slot and generation are always those of a registration. */
const OF_REGISTRATION: boolean[] = [];
for (const kind of [
  Kind.Report,
  Kind.Stale,
  Kind.Ghost,
  Kind.HandlerBegin,
  Kind.HandlerEnd,
  Kind.Register,
  Kind.Modify,
  Kind.Release,
  Kind.Requeue,
]) {
  OF_REGISTRATION[kind] = true;
}
const UNKNOWN: Ahead = { label: '', role: 0, wasRead: false };
const GENERATIONS = 2 ** 32;

type Open<T> = { -readonly [Key in keyof T]: T[Key] };

/** What the events alone say about a lane. */
export interface LaneDraft {
  readonly key: string;
  readonly slot: number;
  readonly generation: number;
  fd: number;
  label: string;
  role: number;
  /** Whether it was read before it was registered: by what reads whenever it likes. */
  wasRead: boolean;
  readonly life: Open<Interval>;
  isOpen: boolean;
  eventCount: number;
  /** The last beginning of a block that had it open. */
  seenAt: number;
  readonly interests: Open<Held>[];
  readonly triggers: Open<Held>[];
  readonly queues: Open<Held>[];
}

type Block = TraceStream['blocks'][number];

/** What is known of a number before it is registered. */
type Ahead = Pick<LaneDraft, 'label' | 'role' | 'wasRead'>;

/** The lanes of a stream, and of which each event is. */
export interface Lanes {
  readonly drafts: readonly LaneDraft[];
  /** By the number of an event. */
  readonly laneOf: Int32Array;
}

/** Sorts the events of a stream into lanes. */
export function lanesOf(
  columns: Columns,
  blocks: readonly Block[],
  texts: readonly string[],
  calls: CallTable,
): Lanes {
  const sorter = new Sorter(columns, texts, calls);
  let at = 0;
  for (const block of blocks) {
    sorter.begin(block, at);
    for (const end = at + block.length; at < end; at++) sorter.take(at);
  }
  sorter.end();
  return sorter;
}

class Sorter implements Lanes {
  readonly drafts: LaneDraft[] = [];
  readonly laneOf: Int32Array;
  readonly #columns: Columns;
  readonly #texts: readonly string[];
  /** The latest lane of a slot. */
  readonly #bySlot: number[] = [];
  readonly #byKey = new Map<number, number>();
  /** By descriptor. */
  readonly #ahead = new Map<number, Ahead>();
  readonly #calls: CallTable;

  constructor(columns: Columns, texts: readonly string[], calls: CallTable) {
    this.#columns = columns;
    this.#texts = texts;
    this.#calls = calls;
    this.laneOf = new Int32Array(columns.count);
    this.#add(REACTOR_KEY, 0, 0, -1, 0);
    this.#draft(REACTOR).life.to = columns.count;
  }

  /** A block begins: it says what is open, whatever was recorded before it. */
  begin({ open }: Block, at: number): void {
    for (const registration of open) {
      const { fd, slot, generation, interest, trigger } = registration;
      const draft = this.#draft(this.#find(slot, generation, fd, at));
      draft.seenAt = at;
      draft.role ||= (registration as { readonly role?: number }).role ?? 0;
      hold(draft.interests, at, interest);
      hold(draft.triggers, at, trigger);
    }
    for (let lane = REACTOR + 1; lane < this.drafts.length; lane++) {
      const { isOpen, seenAt } = this.#draft(lane);
      if (isOpen && seenAt !== at) this.#release(lane, at);
    }
  }

  take(at: number): void {
    const lane = this.#laneAt(at);
    this.laneOf[at] = lane;
    const draft = this.#draft(lane);
    draft.eventCount++;
    const columns = this.#columns;
    const fd = columns.fd[at] as number;
    const value = columns.a[at] as number;
    switch (columns.kind[at]) {
      case Kind.Register:
      case Kind.Modify:
        hold(draft.interests, at, value);
        hold(draft.triggers, at, columns.b[at] as number);
        break;
      case Kind.Release:
        this.#release(lane, at);
        break;
      case Kind.Queue:
        if (lane !== REACTOR) hold(draft.queues, at, value);
        break;
      case Kind.Label:
        this.#name(lane, fd).label = this.#texts[value] ?? '';
        break;
      case Kind.Role:
        this.#name(lane, fd).role = value;
        break;
      case Kind.Call:
        if (lane === REACTOR && fd >= 0) this.#callAhead(fd, columns.b[at] as number);
        break;
      default:
    }
  }

  #laneAt(at: number): number {
    const columns = this.#columns;
    const fd = columns.fd[at] as number;
    const slot = columns.slot[at] as number;
    const generation = columns.generation[at] as number;
    if (OF_REGISTRATION[columns.kind[at] as number] === true) {
      return this.#find(slot, generation, fd, at);
    }
    const lane = fd < 0 ? undefined : this.#bySlot[slot];
    if (lane === undefined) return REACTOR;
    const draft = this.#draft(lane);
    // 0.0 is also what an event of no registration has.
    const isIts = draft.fd === fd && draft.generation === generation;
    return isIts && (draft.isOpen || slot + generation > 0) ? lane : REACTOR;
  }

  #find(slot: number, generation: number, fd: number, at: number): number {
    const latest = this.#bySlot[slot];
    if (latest !== undefined && this.#draft(latest).generation === generation) return latest;
    const known = this.#byKey.get(slot * GENERATIONS + generation);
    if (known !== undefined) return known;
    const lane = this.#add(`${slot}.${generation}`, slot, generation, fd, at);
    this.#byKey.set(slot * GENERATIONS + generation, lane);
    // A report of what had ended before the trace began.
    if (this.#columns.kind[at] === Kind.Ghost) this.#release(lane, at);
    else this.#bySlot[slot] = lane;
    return lane;
  }

  #add(key: string, slot: number, generation: number, fd: number, at: number): number {
    const ahead = this.#ahead.get(fd) ?? UNKNOWN;
    this.#ahead.delete(fd);
    const life = { from: at, to: this.#columns.count };
    const held = { interests: [], triggers: [], queues: [] };
    const facts = { ...ahead, key, slot, generation, fd };
    return (
      this.drafts.push({ ...facts, ...held, life, isOpen: true, eventCount: 0, seenAt: -1 }) - 1
    );
  }

  #draft(lane: number): LaneDraft {
    return this.drafts[lane] as LaneDraft;
  }

  #name(lane: number, fd: number): Ahead {
    if (lane !== REACTOR) return this.#draft(lane);
    let ahead = this.#ahead.get(fd);
    if (ahead === undefined) {
      ahead = { ...UNKNOWN };
      this.#ahead.set(fd, ahead);
    }
    return ahead;
  }

  #callAhead(fd: number, b: number): void {
    const { call } = callOf(b);
    if (this.#calls.directions[call] === 'read') this.#name(REACTOR, fd).wasRead = true;
    else if (this.#calls.isClose[call] === true) this.#ahead.delete(fd);
  }

  #release(lane: number, at: number): void {
    const draft = this.#draft(lane);
    if (!draft.isOpen) return;
    draft.isOpen = false;
    draft.life.to = at;
    endHeld(draft, at);
  }

  /** What is still open goes on at the end. */
  end(): void {
    for (const draft of this.drafts) if (draft.isOpen) endHeld(draft, draft.life.to);
  }
}

function endHeld({ interests, triggers, queues }: LaneDraft, at: number): void {
  for (const held of [interests, triggers, queues]) {
    const last = held.at(-1);
    if (last !== undefined) last.to = at;
  }
}

// From here on it is another value, if it is another one. The last one ends when that is known.
function hold(list: Open<Held>[], at: number, value: number): void {
  const last = list.at(-1);
  if (last?.value === value) return;
  if (last !== undefined) last.to = at;
  list.push({ from: at, to: at, value });
}

/** The numbers of the events of each lane. */
export function eventsByLane({ drafts, laneOf }: Lanes): readonly Int32Array[] {
  const lists = drafts.map(({ eventCount }) => new Int32Array(eventCount));
  const filled = new Int32Array(drafts.length);
  for (let at = 0; at < laneOf.length; at++) {
    const lane = laneOf[at] as number;
    const place = filled[lane] as number;
    filled[lane] = place + 1;
    (lists[lane] as Int32Array)[place] = at;
  }
  return lists;
}
