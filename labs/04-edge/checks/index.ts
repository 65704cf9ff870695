// The checks of lab 4, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { adversary } from './adversary.ts';
import { inTurns, slowReader } from './others.ts';
import { burst, crowd, endBehindData, oneChange, protocol } from './reading.ts';
import { drained, sleeps } from './rule.ts';

export const edge: Lab = {
  number: 4,
  folder: '04-edge',
  title: 'The edge loop and the drain rule',
  files: ['server.ts', 'lines.ts'],
  checks: [
    protocol,
    oneChange,
    burst,
    crowd,
    endBehindData,
    drained,
    inTurns,
    slowReader,
    sleeps,
    adversary,
  ],
};
