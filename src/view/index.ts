// The table of contents of the room: what a trace shows.
export { differenceOf } from './diff.ts';
export { sentenceOf } from './sentences.ts';
