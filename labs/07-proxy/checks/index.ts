// The checks of lab 7, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { atRest, resets, slowReader } from './limits.ts';
import { bothWays, clientEnds, others, serverEnds } from './streams.ts';
import { chance, refused, times } from './time.ts';

export const proxy: Lab = {
  number: 7,
  folder: '07-proxy',
  title: 'A proxy with half-close',
  files: ['proxy.ts'],
  checks: [
    bothWays,
    clientEnds,
    serverEnds,
    others,
    refused,
    slowReader,
    resets,
    atRest,
    times,
    chance,
  ],
};
