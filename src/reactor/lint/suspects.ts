// What looks wrong when a handler returns may be put right by the next batch: the kernel may be about
// to report more. A suspect is judged behind a batch whose wait began after the suspicion.
import type { Observed } from './observed.ts';

/** Registrations that are to be judged, each since a batch. */
export class Suspects {
  readonly #since = new Map<Observed, number>();
  #batch = 0;

  get hasAny(): boolean {
    return this.#since.size > 0;
  }

  /** The number of the batch that begins. */
  begin(batch: number): void {
    this.#batch = batch;
  }

  raise(observed: Observed): void {
    this.#since.set(observed, this.#batch);
  }

  clear(observed: Observed): void {
    this.#since.delete(observed);
  }

  /** Takes out those that were suspect before `batch` began. */
  takeBefore(batch: number): Observed[] {
    const taken = [...this.#since].filter(([, since]) => since < batch).map(([each]) => each);
    for (const each of taken) this.#since.delete(each);
    return taken;
  }
}
