// What a reactor must do in a turn, and what it must not: a list of registrations, and for each the bits that
// the kernel has to report when the turn begins.

/** What the oracle knows of one registration. */
export interface Expected {
  readonly id: number;
  interest: number;
  isOpen: boolean;
  /** What the turn that runs has found ready; 0: nothing, or it is delivered. */
  reported: number;
}

/** Readable and Writable: the bits that an interest masks. */
const MASKED = 3;

export class Oracle {
  readonly registrations: Expected[] = [];
  #deferred = 0;
  #errors = 0;

  register(interest: number): Expected {
    const { length: id } = this.registrations;
    const expected = { id, interest, isOpen: true, reported: 0 };
    this.registrations.push(expected);
    return expected;
  }

  /** @param readinessOf - what the kernel has to report of it, whatever its interest is. */
  beginTurn(readinessOf: (expected: Expected) => number): void {
    this.#errors = 0;
    for (const each of this.registrations) {
      each.reported = each.isOpen ? readinessOf(each) & each.interest & MASKED : 0;
    }
  }

  defer(): void {
    this.#deferred++;
  }

  throws(): void {
    this.#errors++;
  }

  /** A handler was called. @returns what is wrong with that. */
  called(expected: Expected, readiness: number): string | undefined {
    const { id, isOpen, interest, reported } = expected;
    const bits = readiness & MASKED;
    expected.reported = 0;
    if (!isOpen) return `#${id} was called, and is closed`;
    if (bits === 0) return undefined; // an end or an error, which no interest masks
    if (reported === 0) return `#${id} was called, and nothing was reported of it in this turn`;
    if (bits === (reported & interest)) return undefined;
    return `#${id} was called for ${namesOf(bits)}, not for ${namesOf(reported & interest)}`;
  }

  /** @returns what is wrong with the turn. */
  endTurn(deferredCalls: number, errors: number): string | undefined {
    const left = this.registrations.find(({ isOpen, interest, reported }) => {
      return isOpen && (reported & interest) !== 0;
    });
    if (left !== undefined) {
      return `#${left.id} was not called for ${namesOf(left.reported & left.interest)}`;
    }
    const wanted = this.#deferred;
    this.#deferred = 0;
    if (deferredCalls !== wanted) {
      return `${deferredCalls} deferred functions were called, not ${wanted}`;
    }
    if (errors === this.#errors) return undefined;
    return `turn threw ${errors} errors, and handlers ${this.#errors}`;
  }
}

export function namesOf(bits: number): string {
  const names = ['Readable', 'Writable'].filter((_, bit) => (bits & (1 << bit)) !== 0);
  return names.length === 0 ? 'nothing' : names.join(' and ');
}
