// What handlers threw in a turn, kept until its end: an error of one does not stop the others.

const NONE: readonly unknown[] = [];

/** The errors of one turn, in the order in which they were thrown. */
export class Failures {
  #errors: unknown[] = [];

  /** Bound, so that it can be handed on as it is. */
  readonly collect = (error: unknown): void => {
    this.#errors.push(error);
  };

  /** Calls `callback` and collects what it throws. */
  guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#errors.push(error);
    }
  }

  /** Puts what `take` has handed out before what came since. */
  putBack(errors: readonly unknown[]): void {
    if (errors.length > 0) this.#errors = [...errors, ...this.#errors];
  }

  /** Hands the errors out, oldest first, and forgets them. */
  take(): readonly unknown[] {
    const errors = this.#errors;
    if (errors.length === 0) return NONE;
    this.#errors = [];
    return errors;
  }
}
