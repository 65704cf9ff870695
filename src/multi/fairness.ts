// How evenly the load is distributed over the sub-reactors of a pool.

/** The figures of one sub-reactor since the pool was made. */
export interface SubReactorFigures {
  /** From 0. */
  readonly index: number;
  /** Undefined while its thread is being started anew. */
  readonly threadId: number | undefined;
  /** Connections that it got or accepted. */
  readonly accepted: number;
  /** Connections that are open, or on their way to it. */
  readonly open: number;
  /** Connections that ended with a thread that died. */
  readonly broken: number;
  /** Connections that came from other sub-reactors, those that came back included. */
  readonly handedIn: number;
  /** Connections that left for other sub-reactors. */
  readonly handedOut: number;
  /** Bytes that its connections have read. */
  readonly bytesRead: number;
  /** Bytes that its connections have written. */
  readonly bytesWritten: number;
  /** Times that its thread was started anew. */
  readonly restarts: number;
}

/** The largest share as a multiple of the mean: 1 is even, the number of reactors is the worst. */
export interface Imbalance {
  /** Of the connections since the pool was made. */
  readonly accepted: number;
  /** Of the connections that are open. */
  readonly open: number;
  /** Of the bytes read and written. */
  readonly bytes: number;
}

/** How the load is distributed over the sub-reactors of a pool. */
export interface FairnessReport {
  /** By index. */
  readonly reactors: readonly SubReactorFigures[];
  /** How uneven each of three figures is. */
  readonly imbalance: Imbalance;
  /** Sums of all. */
  readonly total: Omit<SubReactorFigures, 'index' | 'threadId'>;
}

/**
 * The largest value as a multiple of the mean.
 *
 * @param values - at least one, >= 0. All zero counts as even.
 * @returns 1 to the count of values.
 */
export function imbalanceOf(values: readonly number[]): number {
  const sum = values.reduce((left, right) => left + right, 0);
  return sum === 0 ? 1 : (Math.max(...values) * values.length) / sum;
}

/** The report of the figures of all sub-reactors. */
export function fairnessOf(reactors: readonly SubReactorFigures[]): FairnessReport {
  const sumOf = (name: keyof FairnessReport['total']) =>
    reactors.reduce((sum, figures) => sum + figures[name], 0);
  return {
    reactors,
    imbalance: {
      accepted: imbalanceOf(reactors.map(({ accepted }) => accepted)),
      open: imbalanceOf(reactors.map(({ open }) => open)),
      bytes: imbalanceOf(reactors.map((each) => each.bytesRead + each.bytesWritten)),
    },
    total: {
      accepted: sumOf('accepted'),
      open: sumOf('open'),
      broken: sumOf('broken'),
      handedIn: sumOf('handedIn'),
      handedOut: sumOf('handedOut'),
      bytesRead: sumOf('bytesRead'),
      bytesWritten: sumOf('bytesWritten'),
      restarts: sumOf('restarts'),
    },
  };
}
