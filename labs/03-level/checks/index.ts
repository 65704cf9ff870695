// The checks of lab 3, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { idle, lineByLine } from './lines.ts';

export const level: Lab = {
  number: 3,
  folder: '03-level',
  title: 'The level loop by hand',
  files: ['server'],
  checks: [lineByLine, idle],
};
