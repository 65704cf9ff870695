// The table of contents of the room: what a trace shows.
export { sentenceOf } from './sentences.ts';
