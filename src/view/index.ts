// The table of contents of the room: what a trace shows.
export { reportsOf } from './batches.ts';
export { modelOf } from './build.ts';
export { chromeOf } from './chrome.ts';
export { differenceOf } from './diff.ts';
export { type EventFilter, FilterError, filterOf } from './filter.ts';
export { pageOf } from './page.ts';
export { perfettoOf } from './perfetto.ts';
export { type Circumstances, circumstancesAt, sentenceAt, sentenceOf } from './sentences.ts';
export { stateAt } from './state.ts';
export { textOf } from './text.ts';
export { type Title, titleOf } from './titles.ts';
