// A hierarchical timing wheel: where pending timers wait, with neither a clock nor a kernel.
//
// A deadline is cut into a tick (2^20 ns, about 1 ms) and the tick into eight digits of six bits.
// A timer waits on the level of the highest digit in which its tick differs from the wheel's
// position, in the slot that this digit names. So levels follow each other in time, slots of a
// level too, and the first bit set in one bitmap over all slots is the earliest slot: no slot ever
// wraps. When time reaches a slot, its timers move down (each at most once per level), and those
// of the running tick into a heap that orders them to the nanosecond. (docs/adr/0003)
//
// Varghese and Lauck: "Hashed and hierarchical timing wheels" (1987).
import { DueHeap, type HeapEntry, SEQUENCE_MASK } from './heap.ts';

/** What an entry carries for the wheel, so that nothing else need be allocated. */
export interface WheelEntry<Entry> extends HeapEntry<Entry> {
  /** Where it waits; {@link NOT_PENDING} when it does not. Written by the wheel alone. */
  slot: number;
}

/** The slot of an entry that is in no wheel. */
export const NOT_PENDING = -1;

const DIGIT_BITS = 6;
const DIGIT_MASK = 63;
const LEVEL_COUNT = 8;
const SLOT_COUNT = LEVEL_COUNT << DIGIT_BITS;
// Past-due entries that were inserted during a pass: the next pass takes them.
const DEFERRED = SLOT_COUNT;
const IN_HEAP = SLOT_COUNT + 1;

// A tick has 48 bits, more than the bit operations of JavaScript take: it is kept as two halves of
// four digits. Multiplying by a power of two is exact.
const HALF_LEVELS = 4;
const HALF_BITS = HALF_LEVELS * DIGIT_BITS;
const TICK_NS = 2 ** 20;
const HALF_NS = TICK_NS * 2 ** HALF_BITS;
const TICKS_PER_NS = 1 / TICK_NS;
const HALVES_PER_NS = 1 / HALF_NS;
// The last instant that has a tick, 9,000 years from boot; later deadlines wait in its slot.
const HALF_MAX = 2 ** HALF_BITS - 1;
const LAST_NS = HALF_MAX * HALF_NS;

function highHalf(ns: number): number {
  return (ns < LAST_NS ? ns * HALVES_PER_NS : HALF_MAX) | 0;
}

function lowHalf(ns: number, high: number): number {
  return ns < LAST_NS ? ((ns - high * HALF_NS) * TICKS_PER_NS) | 0 : 0;
}

// The digit in which the highest set bit of `bits` (not 0) lies.
function highestDigit(bits: number): number {
  return ((31 - Math.clz32(bits)) / DIGIT_BITS) | 0;
}

// Where a slot starts: its digit, those of the position above it, and zeros below.
function slotStart(half: number, slot: number): number {
  const shift = ((slot >> DIGIT_BITS) % HALF_LEVELS) * DIGIT_BITS;
  return (((half >> shift) & ~DIGIT_MASK) | (slot & DIGIT_MASK)) << shift;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/**
 * Pending entries by deadline; insert and cancel are O(1), whatever the number of entries.
 *
 * Times are absolute nanoseconds of one monotonic clock, finite or Infinity, >= 0. A pass
 * (`startPass`, `takeDue` until null, `endPass`) hands out what is due; between two `takeDue`
 * every method may be called, another pass included.
 */
export class TimingWheel<Entry extends WheelEntry<Entry>> {
  readonly #heap = new DueHeap<Entry>();
  readonly #heads: (Entry | null)[] = new Array(SLOT_COUNT + 1).fill(null);
  // A lower bound of the deadlines of each occupied slot: exact until its earliest is cancelled.
  readonly #earliestNs = new Float64Array(SLOT_COUNT + 1);
  // One bit per slot, and one bit per word of those.
  readonly #occupied = new Int32Array(SLOT_COUNT / 32 + 1);
  #occupiedWords = 0;
  // The tick up to which slots are emptied: entries of later ticks wait in slots, others in the
  // heap. It never moves back.
  #positionHigh = 0;
  #positionLow: number;
  // The nearly 5 hours of the position's high half, in which most entries are due.
  #halfStartNs = 0;
  #halfEndNs = HALF_NS;
  #sequence = 0;
  #count = 0;
  #passDepth = 0;
  #passNowNs = Number.NEGATIVE_INFINITY;

  /** @param nowNs - the time now: where the wheel starts. */
  constructor(nowNs: number) {
    this.#setHigh(highHalf(nowNs));
    this.#positionLow = lowHalf(nowNs, this.#positionHigh);
  }

  /** The count of pending entries. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds an entry that is not pending. Inserted during a pass and already due, it waits for the
   * next one.
   */
  insert(entry: Entry, deadlineNs: number): void {
    entry.deadlineNs = deadlineNs;
    this.#sequence = (this.#sequence + 1) & SEQUENCE_MASK;
    entry.sequence = this.#sequence;
    this.#count++;
    if (deadlineNs <= this.#passNowNs) this.#link(entry, DEFERRED);
    else this.#place(entry);
  }

  /** Takes an entry out. Returns false when it was not pending. */
  cancel(entry: Entry): boolean {
    const slot = entry.slot;
    if (slot === NOT_PENDING) return false;
    if (slot === IN_HEAP) this.#heap.remove(entry);
    else this.#unlink(entry, slot);
    entry.slot = NOT_PENDING;
    this.#count--;
    return true;
  }

  /**
   * The deadline of the earliest entry, Infinity when there is none.
   *
   * Never later than that; earlier only when an earlier entry of the same slot was cancelled. A
   * pass at that time then moves the slot's entries a level down, so that one timer can be
   * announced too early once per level at most.
   */
  nextDeadlineNs(): number {
    const top = this.#heap.top;
    let earliestNs = Number.POSITIVE_INFINITY;
    if (top !== null) {
      earliestNs = top.deadlineNs;
    } else {
      const slot = this.#firstSlot();
      if (slot !== DEFERRED) earliestNs = this.#earliestNs[slot] as number;
    }
    if (this.#heads[DEFERRED] === null) return earliestNs;
    return Math.min(earliestNs, this.#earliestNs[DEFERRED] as number);
  }

  /** Begins a pass. The caller ends it with `endPass`, in a `finally`. */
  startPass(nowNs: number): void {
    this.#moveDown(DEFERRED);
    this.#passDepth++;
    this.#passNowNs = Math.max(this.#passNowNs, nowNs);
  }

  /** Ends a pass; entries that are due and were not taken stay pending. */
  endPass(): void {
    this.#passDepth--;
    if (this.#passDepth === 0) this.#passNowNs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes out the next entry that is due, in the order of deadline, then insertion.
   *
   * @param nowNs - the time of the pass; an entry of a later deadline is never handed out.
   * @returns null when nothing more is due.
   */
  takeDue(nowNs: number): Entry | null {
    const top = this.#firstBy(nowNs);
    if (top === null || top.deadlineNs > nowNs) return null;
    this.cancel(top);
    return top;
  }

  /** Whether a pass at `nowNs` would hand out anything. */
  hasDue(nowNs: number): boolean {
    if (this.#heads[DEFERRED] !== null) return true;
    const top = this.#firstBy(nowNs);
    return top !== null && top.deadlineNs <= nowNs;
  }

  /** Takes out any entry, in no order; null when the wheel is empty. */
  takeAny(): Entry | null {
    const entry = this.#heap.top ?? this.#heads[this.#firstSlot()] ?? null;
    if (entry !== null) this.cancel(entry);
    return entry;
  }

  // The earliest entry, of the slots that time has reached by `nowNs`.
  #firstBy(nowNs: number): Entry | null {
    let top = this.#heap.top;
    while (top === null && this.#advance(nowNs)) top = this.#heap.top;
    return top;
  }

  // Moves on to the earliest slot, if time has reached it, and its entries down. Otherwise moves
  // to the tick of `nowNs`, which no occupied slot holds, and returns false.
  #advance(nowNs: number): boolean {
    const nowHigh = highHalf(nowNs);
    const nowLow = lowHalf(nowNs, nowHigh);
    const slot = this.#firstSlot();
    if (slot !== DEFERRED) {
      const isHigh = slot >= HALF_LEVELS << DIGIT_BITS;
      const high = isHigh ? slotStart(this.#positionHigh, slot) : this.#positionHigh;
      const low = isHigh ? 0 : slotStart(this.#positionLow, slot);
      if (high < nowHigh || (high === nowHigh && low <= nowLow)) {
        this.#moveTo(high, low);
        this.#moveDown(slot);
        return true;
      }
    }
    this.#moveTo(nowHigh, nowLow);
    return false;
  }

  #moveTo(high: number, low: number): void {
    if (high < this.#positionHigh) return;
    if (high === this.#positionHigh && low <= this.#positionLow) return;
    if (high !== this.#positionHigh) this.#setHigh(high);
    this.#positionLow = low;
  }

  #setHigh(high: number): void {
    this.#positionHigh = high;
    this.#halfStartNs = high * HALF_NS;
    this.#halfEndNs = Math.min(this.#halfStartNs + HALF_NS, LAST_NS);
  }

  // Places the entries of a slot anew, by the position of now.
  #moveDown(slot: number): void {
    let entry = this.#heads[slot] as Entry | null;
    if (entry === null) return;
    this.#heads[slot] = null;
    this.#setVacant(slot);
    while (entry !== null) {
      const next: Entry | null = entry.next;
      entry.next = null;
      entry.prev = null;
      this.#place(entry);
      entry = next;
    }
  }

  // Takes the deadline from the entry: as an argument it would be a number on the heap of V8.
  #place(entry: Entry): void {
    const { deadlineNs } = entry;
    if (deadlineNs >= this.#halfEndNs) {
      this.#placeFar(entry);
      return;
    }
    const positionLow = this.#positionLow;
    const ticks = (deadlineNs - this.#halfStartNs) * TICKS_PER_NS; // < 0: before this half
    if (ticks >= positionLow + 1) {
      const low = ticks | 0;
      const digit = highestDigit(low ^ positionLow);
      const index = (low >> (digit * DIGIT_BITS)) & DIGIT_MASK;
      this.#link(entry, (digit << DIGIT_BITS) | index);
    } else {
      this.#pushDue(entry);
    }
  }

  // Places what the position's half does not hold.
  #placeFar(entry: Entry): void {
    const high = highHalf(entry.deadlineNs);
    if (high === this.#positionHigh) {
      this.#pushDue(entry); // no tick is later than the last one
      return;
    }
    const digit = highestDigit(high ^ this.#positionHigh);
    const index = (high >> (digit * DIGIT_BITS)) & DIGIT_MASK;
    this.#link(entry, ((digit + HALF_LEVELS) << DIGIT_BITS) | index);
  }

  #pushDue(entry: Entry): void {
    entry.slot = IN_HEAP;
    this.#heap.push(entry);
  }

  #link(entry: Entry, slot: number): void {
    const head = this.#heads[slot] as Entry | null;
    const deadlineNs = entry.deadlineNs;
    entry.slot = slot;
    entry.next = head;
    this.#heads[slot] = entry;
    if (head !== null) {
      head.prev = entry;
      if (deadlineNs < (this.#earliestNs[slot] as number)) this.#earliestNs[slot] = deadlineNs;
      return;
    }
    this.#earliestNs[slot] = deadlineNs;
    const word = slot >> 5;
    this.#occupied[word] = (this.#occupied[word] as number) | (1 << (slot & 31));
    this.#occupiedWords |= 1 << word;
  }

  #unlink(entry: Entry, slot: number): void {
    const { prev, next } = entry;
    if (next !== null) next.prev = prev;
    if (prev !== null) prev.next = next;
    else {
      this.#heads[slot] = next;
      if (next === null) this.#setVacant(slot);
    }
    entry.next = null;
    entry.prev = null;
  }

  #setVacant(slot: number): void {
    const word = slot >> 5;
    const bits = (this.#occupied[word] as number) & ~(1 << (slot & 31));
    this.#occupied[word] = bits;
    if (bits === 0) this.#occupiedWords &= ~(1 << word);
  }

  // The earliest occupied slot; DEFERRED when no other is occupied.
  #firstSlot(): number {
    const words = this.#occupiedWords;
    if (words === 0) return DEFERRED;
    const word = lowestBit(words);
    return (word << 5) | lowestBit(this.#occupied[word] as number);
  }
}
