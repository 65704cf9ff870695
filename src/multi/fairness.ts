// How evenly the load lies on the sub-reactors of a pool.

/** The figures of one sub-reactor since the pool was made. */
export interface SubReactorFigures {
  readonly index: number;
  /** Undefined while its thread is being started anew. */
  readonly threadId: number | undefined;
  /** Connections that it was given, or has accepted. */
  readonly accepted: number;
  readonly open: number;
  /** Connections that ended with a thread that died. */
  readonly broken: number;
  /** Connections that came from other sub-reactors, those that came back included. */
  readonly handedIn: number;
  /** Connections that left for other sub-reactors. */
  readonly handedOut: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Times that its thread was started anew. */
  readonly restarts: number;
}

/** The largest share as a multiple of the mean: 1 is even, the number of reactors is the worst. */
export interface Imbalance {
  readonly accepted: number;
  readonly open: number;
  readonly bytes: number;
}

export interface FairnessReport {
  readonly reactors: readonly SubReactorFigures[];
  readonly imbalance: Imbalance;
  /** Sums of all. */
  readonly total: Omit<SubReactorFigures, 'index' | 'threadId'>;
}

/** @param values - at least one, >= 0. All zero counts as even. */
export function imbalanceOf(values: readonly number[]): number {
  const sum = values.reduce((left, right) => left + right, 0);
  return sum === 0 ? 1 : (Math.max(...values) * values.length) / sum;
}

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
