// The checks of lab 2, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { afterReset, inParts, oneAfterTheOther } from './blocking.ts';
import { busyAtOnce, cost, noneBlocks } from './busy.ts';
import { allGone, callsPerLine, idle, pollAtOnce } from './poll.ts';

export const waiting: Lab = {
  number: 2,
  folder: '02-waiting',
  title: 'Busy-wait against blocking',
  files: ['blocking.ts', 'busy.ts', 'poll.ts'],
  checks: [
    inParts,
    oneAfterTheOther,
    afterReset,
    busyAtOnce,
    noneBlocks,
    cost,
    pollAtOnce,
    idle,
    callsPerLine,
    allGone,
  ],
};
