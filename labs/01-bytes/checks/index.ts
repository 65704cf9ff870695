// The checks of lab 1, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { closed, refused, reset } from './errors.ts';
import { cutCharacter, halfClose } from './half-close.ts';
import { everyCut, keepsBytes, limit, oneAndAHalf } from './lines.ts';
import { readsFully, writesAll } from './whole.ts';

export const bytes: Lab = {
  number: 1,
  folder: '01-bytes',
  title: 'Bytes and descriptors',
  files: ['bytes.ts', 'ask.ts'],
  checks: [
    writesAll,
    readsFully,
    everyCut,
    oneAndAHalf,
    keepsBytes,
    limit,
    halfClose,
    cutCharacter,
    refused,
    reset,
    closed,
  ],
};
