// The times of the events of a stream, as the page counts them: from the first one, and never backwards.
import type { Columns } from '../src/view/model.ts';

/** When each event was. */
export interface Timeline {
  readonly count: number;
  /** Nanoseconds since the first event; never less than that of the event before. */
  readonly time: Float64Array;
}

/** What a batch begins with may have been stamped a little later than what follows. */
export function timelineOf({ count, time }: Pick<Columns, 'count' | 'time'>): Timeline {
  const start = time[0] ?? 0;
  let last = 0;
  return {
    count,
    time: time.map((ns) => {
      last = Math.max(last, ns - start);
      return last;
    }),
  };
}
