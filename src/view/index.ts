// The table of contents of the room: what a trace shows.
export { reportsOf } from './batches.ts';
export { modelOf } from './build.ts';
export { sentenceOf } from './sentences.ts';
export { stateAt } from './state.ts';
