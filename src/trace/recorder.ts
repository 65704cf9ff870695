// Records events into columns of numbers that were made before: nothing is allocated for an event.
// A block of columns can be read alone, since it begins with what was open then; so the oldest blocks
// are dropped whole, and no picture has an end without its beginning.
import { eventAt, type TraceEvent } from './events.ts';

/** Events of one block. */
export const BLOCK_LENGTH = 4096;

/** A registration that was open when a block began. */
export interface OpenRegistration {
  /** The descriptor. */
  readonly fd: number;
  /** Its place in the table of the reactor. */
  readonly slot: number;
  /** How often the slot had been used before. */
  readonly generation: number;
  /** Interest bits. */
  readonly interest: number;
  /** By its number: level, edge, oneshot, edge-oneshot. */
  readonly trigger: number;
}

/** The columns of some events, in the order in which they happened. */
export interface Block {
  /** What was open before the first of them. */
  readonly open: readonly OpenRegistration[];
  /** How many events there are; the columns may be longer. */
  readonly length: number;
  /** Numbers of `Kind`. */
  readonly kind: Uint8Array;
  /** The descriptor; -1: it is of none. */
  readonly fd: Int32Array;
  /** With the generation it is what sets a registration apart. */
  readonly slot: Uint32Array;
  /** How often the slot had been used before. */
  readonly generation: Uint32Array;
  /** What it means depends on the kind. */
  readonly a: Int32Array;
  /** The same. */
  readonly b: Int32Array;
  /** Nanoseconds of the monotonic clock. */
  readonly time: Float64Array;
}

type Filling = { -readonly [Key in keyof Block]: Block[Key] };

function emptyBlock(): Filling {
  return {
    open: [],
    length: 0,
    kind: new Uint8Array(BLOCK_LENGTH),
    fd: new Int32Array(BLOCK_LENGTH),
    slot: new Uint32Array(BLOCK_LENGTH),
    generation: new Uint32Array(BLOCK_LENGTH),
    a: new Int32Array(BLOCK_LENGTH),
    b: new Int32Array(BLOCK_LENGTH),
    time: new Float64Array(BLOCK_LENGTH),
  };
}

/** The events of one reactor. */
export class Recorder {
  /** The time of what is recorded next, in nanoseconds of the monotonic clock. */
  timeNs: number;
  /** Events that were dropped: the oldest, or with `keepsFirst` the newest. */
  dropped = 0;
  readonly #blocks: Filling[] = [];
  readonly #blocksMax: number;
  readonly #keepsFirst: boolean;
  readonly #openNow: () => readonly OpenRegistration[];
  #block: Filling;

  /**
   * @param capacity - events that are kept at least; rounded up to whole blocks.
   * @param keepsFirst - when it is full: drops what comes, and not what is oldest.
   * @param openNow - what is open, for the beginning of a block.
   */
  constructor(
    capacity: number,
    keepsFirst: boolean,
    openNow: () => readonly OpenRegistration[],
    timeNs: number,
  ) {
    // One more, so that `capacity` events are left when a block has just begun.
    this.#blocksMax = Math.ceil(capacity / BLOCK_LENGTH) + (keepsFirst ? 0 : 1);
    this.#keepsFirst = keepsFirst;
    this.#openNow = openNow;
    this.timeNs = timeNs;
    this.#block = this.#begin(emptyBlock());
  }

  /** Records one event; the meaning of `a` and `b` is that of the kind. */
  record(kind: number, fd: number, slot: number, generation: number, a: number, b: number): void {
    let block = this.#block;
    if (block.length === BLOCK_LENGTH) {
      if (!this.#advance()) return;
      block = this.#block;
    }
    const at = block.length++;
    block.kind[at] = kind;
    block.fd[at] = fd;
    block.slot[at] = slot;
    block.generation[at] = generation;
    block.a[at] = a;
    block.b[at] = b;
    block.time[at] = this.timeNs;
  }

  /** The events of one registration, newest first. */
  *backwards(slot: number, generation: number): Generator<TraceEvent> {
    for (const block of this.#blocks.toReversed()) {
      for (let at = block.length - 1; at >= 0; at--) {
        if (block.slot[at] === slot && block.generation[at] === generation && block.fd[at] !== -1) {
          yield eventAt(block, at);
        }
      }
    }
  }

  /** A copy of what is kept, oldest first. */
  copyBlocks(): Block[] {
    return this.#blocks.map((block) => {
      const { open, length } = block;
      const columns = { open, length } as Filling;
      for (const name of ['kind', 'fd', 'slot', 'generation', 'a', 'b', 'time'] as const) {
        columns[name] = block[name].slice(0, length) as never;
      }
      return columns;
    });
  }

  // @returns whether there is room.
  #advance(): boolean {
    if (this.#blocks.length < this.#blocksMax) {
      this.#block = this.#begin(emptyBlock());
      return true;
    }
    if (this.#keepsFirst) {
      this.dropped++;
      return false;
    }
    this.dropped += BLOCK_LENGTH;
    this.#block = this.#begin(this.#blocks.shift() as Filling);
    return true;
  }

  #begin(block: Filling): Filling {
    block.length = 0;
    block.open = this.#openNow();
    this.#blocks.push(block);
    return block;
  }
}
