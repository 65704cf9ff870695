// Records events into memory that was made before, and that other threads can read at any time: nothing
// is allocated for an event. A block can be read alone, since it begins with what was open then; so the
// oldest blocks are dropped whole, and no picture has an end without its beginning.
import { BLOCK_LENGTH } from './block.ts';
import { BlockMemory } from './memory.ts';
import type { StreamParts } from './parts.ts';

/** What a recorder asks of the reactor that it records. */
export interface Recorded {
  /** The time of what is recorded next, in its first place: nanoseconds of the monotonic clock. */
  readonly clock: Float64Array;
  /** How many registrations there are, or a few more. */
  readonly registrationCount: number;
  /** Calls `visit` for each that is open. */
  eachOpen(visit: VisitOpen): void;
}

/** The fields of an {@link OpenRegistration}. */
export type VisitOpen = (
  fd: number,
  slot: number,
  generation: number,
  interest: number,
  trigger: number,
  role: number,
) => void;

/** Records events, one by one or as totals. */
export interface EventRecorder {
  /** Records one event; the meaning of `a` and `b` is that of the kind. */
  record(kind: number, fd: number, slot: number, generation: number, a: number, b: number): void;
  /**
   * Has other threads see what was recorded. Not at each event: a store that is ordered waits for those
   * before it, which costs more than they do.
   */
  publish(): void;
}

/** How much is kept. */
export interface Keeping {
  /** Events that are kept at least; rounded up to whole blocks. */
  readonly capacity: number;
  /** When it is full: drops what comes, and not what is oldest. */
  readonly keepsFirst: boolean;
}

/** Keeps the events of one reactor. */
export class Recorder implements EventRecorder {
  readonly #reactor: Recorded;
  readonly #clock: Float64Array;
  readonly #parts: StreamParts;
  readonly #blocksMax: number;
  readonly #keepsFirst: boolean;
  readonly #blocks: BlockMemory[] = [];
  readonly #putOpen: VisitOpen;
  #block: BlockMemory;
  #blockCount = 0;

  /** @param parts - gets the memory of each block. */
  constructor(reactor: Recorded, parts: StreamParts, { capacity, keepsFirst }: Keeping) {
    this.#reactor = reactor;
    this.#clock = reactor.clock;
    this.#parts = parts;
    // One more, so that `capacity` events are left when a block has just begun.
    this.#blocksMax = Math.ceil(capacity / BLOCK_LENGTH) + (keepsFirst ? 0 : 1);
    this.#keepsFirst = keepsFirst;
    this.#putOpen = (fd, slot, generation, interest, trigger, role) =>
      this.#block.putOpen(fd, slot, generation, interest, trigger, role);
    this.#block = this.#nextBlock();
    this.#fill();
  }

  record(kind: number, fd: number, slot: number, generation: number, a: number, b: number): void {
    if (this.#block.isFull && !this.#advance()) return;
    this.#block.put(kind, fd, slot, generation, a, b, this.#clock);
  }

  publish(): void {
    this.#block.publish();
  }

  // @returns whether there is room.
  #advance(): boolean {
    if (this.#keepsFirst && this.#blockCount === this.#blocksMax) {
      this.#block.refuse();
      return false;
    }
    this.#block.publish();
    this.#block = this.#nextBlock();
    this.#fill();
    return true;
  }

  // The memory of the oldest, when there is no room for one more. It may be too small by now.
  #nextBlock(): BlockMemory {
    const place = this.#blockCount % this.#blocksMax;
    const openMax = this.#reactor.registrationCount;
    const old = this.#blocks[place];
    old?.invalidate();
    if (old !== undefined && old.openMax >= openMax) return old;
    const block = new BlockMemory(openMax);
    this.#blocks[place] = block;
    this.#parts.putMemory(place, block.memory);
    return block;
  }

  #fill(): void {
    this.#reactor.eachOpen(this.#putOpen);
    this.#block.begin(this.#blockCount++);
  }
}
