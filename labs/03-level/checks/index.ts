// The checks of lab 3, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { byteByByte, endBehindLines, manyInOne } from './lines.ts';
import { comeAndGo, inTurns, noDescriptor } from './others.ts';
import { boundedQueue, idle, longLine, slowReader } from './writing.ts';

export const level: Lab = {
  number: 3,
  folder: '03-level',
  title: 'The level loop by hand',
  files: ['server.ts'],
  checks: [
    byteByByte,
    manyInOne,
    endBehindLines,
    idle,
    slowReader,
    boundedQueue,
    longLine,
    inTurns,
    comeAndGo,
    noDescriptor,
  ],
};
