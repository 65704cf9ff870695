// The whole reactor: random programs, and what is left of it.
import type { Check } from '../../src/lab.ts';
import { common, drive } from './driven.ts';

export const scripts: Check = {
  id: '5.8',
  name: 'random programs',
  points: 2,
  task: 'c',
  did: 'ran hundreds of random programs of registrations, reads, writes, ends and errors, also inside of handlers, next to a model of what must be called',
  expected: 'no difference to the model',
  causes: {
    ...common,
    differs: {
      why: '{difference}. The lines above are what is left of a random program when all that it does not need is taken out of it; what is indented happens inside of a handler.',
      next: 'follow the lines by hand, with a list of what your table has after each',
      read: 'docs/semantics.md, "Turns"',
    },
  },
  run: (exam) => drive(exam, 'scripts', 'scripts'),
};

export const descriptors: Check = {
  id: '5.9',
  name: 'what it leaves',
  points: 1,
  task: 'e',
  did: 'closed the reactor with two registrations, and looked at what is open',
  expected:
    'the poller and the wake-up descriptors are closed; the registered ones, which it has borrowed, are not',
  causes: {
    ...common,
    'left open': {
      why: 'A descriptor is the process’s until it is closed. A program that makes a reactor for each test has none left after some hundred.',
      next: 'in close(): both ends of the pipe, and the poller',
      read: 'close(2)',
    },
    'not its own': {
      why: 'The caller has opened it and will close it. By then the number may be another descriptor, and that one is closed instead.',
      next: 'close what you have opened, and only that',
      read: 'docs/semantics.md, "The owner of a descriptor"',
    },
  },
  run: (exam) => drive(exam, 'wakes', 'descriptors'),
};
