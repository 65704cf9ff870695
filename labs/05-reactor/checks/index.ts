// The checks of lab 5, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { batch, dispatch, errors, identity } from './dispatch.ts';
import { timers, waits, wakes } from './time.ts';
import { descriptors, scripts } from './whole.ts';

export const reactor: Lab = {
  number: 5,
  folder: '05-reactor',
  title: 'Build the Reactor',
  files: ['reactor.ts'],
  checks: [dispatch, identity, batch, errors, timers, waits, wakes, scripts, descriptors],
};
