// Wakers of simulated pollers: numbers, as in native/core/waker_registry.h, in a range of their own.
import { constants } from 'node:os';
import type { SimPoller } from './poller.ts';

const { EBADF } = constants.errno;
const FIRST_ID = 2 ** 52;

// Of all machines: a waker that outlives its machine wakes no other.
let lastId = FIRST_ID;

interface Entry {
  readonly poller: SimPoller;
  isPending: boolean;
}

/** The wakers of one machine. */
export class Wakers {
  readonly #entries = new Map<number, Entry>();

  /** Whether an id is one of a simulated poller. */
  has(id: number): boolean {
    return id > FIRST_ID;
  }

  create(poller: SimPoller): number {
    this.#entries.set(++lastId, { poller, isPending: false });
    return lastId;
  }

  /** @returns 1: it was woken since. */
  take(id: number): number {
    const entry = this.#entries.get(id);
    if (entry?.isPending !== true) return 0;
    entry.isPending = false;
    return 1;
  }

  /** @returns 1: it is woken; 0: it was already; -EBADF: it is closed. */
  wake(id: number): number {
    const entry = this.#entries.get(id);
    if (entry === undefined) return -EBADF;
    if (entry.isPending) return 0;
    entry.isPending = true;
    entry.poller.notify();
    return 1;
  }

  close(id: number): number {
    this.#entries.delete(id);
    return 0;
  }

  /** The poller ends, and its wakers with it. */
  closeOf(poller: SimPoller): void {
    for (const [id, entry] of this.#entries) {
      if (entry.poller === poller) this.#entries.delete(id);
    }
  }
}
