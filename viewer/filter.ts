// Which events pass the filter of the page.
import { FilterError, filterOf } from '../src/view/filter.ts';
import type { StreamModel, TraceModel } from '../src/view/model.ts';
import type { Filtered } from './app.ts';

/** Those that pass: all, when the text is empty, or wrong. */
export function filterEvents(text: string, model: TraceModel, stream: StreamModel): Filtered {
  const { count } = stream;
  if (text.trim() === '') return { matches: undefined, count, error: undefined };
  try {
    const fits = filterOf(text, model);
    const matches = Uint8Array.from({ length: count }, (_, at) => (fits(stream, at) ? 1 : 0));
    return { matches, count: matches.reduce((sum, one) => sum + one, 0), error: undefined };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return { matches: undefined, count, error: error.message };
  }
}
