// The reactor's table: registrations by slot, and the generation that sets one occupant of a
// slot apart from the next. The kernel hands (slot, generation) back with each event.
import { constants } from 'node:os';
import { errnoError } from '../errors.ts';
import type { AnyRegistration, Place } from './registration.ts';

// A token is a double: 21 bits of slot above 32 bits of generation.
const SLOT_MAX = 0x1f_ffff;
const GENERATION_MAX = 0xffff_ffff;

/** The slots of a reactor: `take` one for a registration, `give` it back. */
export class SlotTable {
  /** By slot; a closed registration stays until the end of the batch that it was closed in. */
  readonly bySlot: (AnyRegistration | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  readonly #firstGeneration: number;
  #count = 0;

  /** @param firstGeneration - for tests that start near the wrap. */
  constructor(firstGeneration = 0) {
    this.#firstGeneration = firstGeneration;
  }

  /** Slots that are in use. */
  get count(): number {
    return this.#count;
  }

  /** @throws ErrnoError - EMFILE: two million slots are in use. */
  take(): Place {
    const slot = this.#free.pop() ?? this.bySlot.length;
    if (slot > SLOT_MAX) throw errnoError(-constants.errno.EMFILE, 'register');
    if (slot === this.bySlot.length) {
      this.bySlot.push(undefined);
      this.#generations.push(this.#firstGeneration);
    }
    this.#count++;
    return { slot, generation: this.#generations[slot] as number };
  }

  /** Frees a slot. It is never used again when its generation would wrap. */
  give(slot: number): void {
    this.bySlot[slot] = undefined;
    this.#count--;
    const generation = (this.#generations[slot] as number) + 1;
    if (generation > GENERATION_MAX) return;
    this.#generations[slot] = generation;
    this.#free.push(slot);
  }
}
