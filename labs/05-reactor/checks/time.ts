// Timers, what a turn waits for, and wake-ups.
import type { Check } from '../../src/lab.ts';
import { common, drive } from './driven.ts';

const NEVER_EARLY =
  'docs/semantics.md "A timer never fires early, and timers fire in the order of their deadlines."';

const notFired = {
  why: 'Its time has come, and turns have gone by. A wait has to end at the deadline of the first timer, and the same turn then looks which ones are due.',
  next: 'keep timers by deadline; wait until the first; after the events, call all that are due',
  read: NEVER_EARLY,
};

export const timers: Check = {
  id: '5.5',
  name: 'timers',
  points: 3,
  task: 'd',
  did: 'set timers in any order, from handlers that work for 50 ms, 20,000 at once, cancelled some, and had one of 0 ms set itself again; in the time of a simulated kernel',
  expected:
    'each fires in the first turn after its deadline and never before; equal ones in the order in which they were set',
  causes: {
    ...common,
    'not fired': notFired,
    early: {
      why: 'The deadline was computed from a time that was read earlier: at the beginning of the turn, say. A handler that works for 50 ms makes every timer that it sets early by that.',
      next: 'read the clock in setTimeout, and again before you look which timers are due',
      read: NEVER_EARLY,
    },
    late: {
      why: 'The turn has waited for longer than until the first deadline: for another timer, or for its own limit.',
      next: 'print the deadlines, and the timeout that you give to poller.wait',
      read: NEVER_EARLY,
    },
    order: {
      why: 'A heap or a sorted list has them by deadline. Where two deadlines are equal, it needs a second key: what was set first.',
      next: 'count timers, and compare the counts when deadlines are equal',
      read: NEVER_EARLY,
    },
    'cancelled one fired': {
      why: 'It was in the list of those that are due already when it was cancelled.',
      next: 'look at the timer at the moment when you call it',
      read: 'the sheet, task d',
    },
    starves: {
      why: 'A timer that is set while timers fire is due at once, and so is the next: {count} of them ran in turns that should have looked at the descriptors in between.',
      next: 'collect what is due first, then call; what they set is for the next turn',
      read: 'docs/semantics.md "One busy descriptor does not keep the others from being served."',
    },
  },
  run: (exam) => drive(exam, 'time', 'timers'),
};

export const waits: Check = {
  id: '5.6',
  name: 'how long a turn waits, and its order',
  points: 2,
  task: 'd',
  did: 'turned with a timer of 0.3 ms, with limits shorter and longer than a timer, and with deferred functions; then with all at once',
  expected:
    'one wait, until the first of limit and timer; none when something is deferred; events, onWake, timers, deferred',
  causes: {
    ...common,
    'not fired': notFired,
    'waits wrongly': {
      why: 'A turn may wait until the nearest of three: its own limit, the first timer, and now, when something is deferred already.',
      next: 'compute the smallest of them; -1 is no limit',
      read: 'the sheet, task d',
    },
    'a turn too late': {
      why: 'The wait has ended because a timer was due, and the turn has ended without it: it has compared the deadline with a time that it had read before it waited.',
      next: 'read the clock once more, behind the wait and the events',
      read: NEVER_EARLY,
    },
    'not deferred': {
      why: 'defer is for what has to happen when the stack is empty, but before the next wait.',
      next: 'keep a list, and call it at the end of the turn',
      read: 'the sheet, task c',
    },
    'same turn': {
      why: 'A deferred function that defers itself would keep the turn from ending, and no descriptor is looked at meanwhile.',
      next: 'take the list away before you go through it',
      read: 'the sheet, task c',
    },
    'order of a turn': {
      why: 'Events first, so that a timer does not close a connection whose bytes are there already; deferred functions last, so that they see all of it.',
      next: 'write turn as four steps',
      read: 'docs/semantics.md, "Turns"',
    },
  },
  run: (exam) => drive(exam, 'time', 'waits'),
};

const WAKE_UPS =
  'docs/semantics.md "Wake-ups from other threads are never lost, and those before a turn count as one."';

export const wakes: Check = {
  id: '5.7',
  name: 'wake-ups',
  points: 2,
  task: 'e',
  did: 'called wake before a turn and inside of onWake, and wrote to wakeFd, also from 4 threads at once',
  expected: 'the turn ends at once and calls onWake; many count as one, and none is lost',
  causes: {
    ...common,
    'not woken': {
      why: 'Another thread cannot call into this one. What it can do is make a descriptor ready that this one waits for: a pipe, or an eventfd.',
      next: 'register the reading end in the poller like any other; wake() and wakeFd write to the other end',
      read: 'pipe(7), eventfd(2)',
    },
    'woken for nothing': {
      why: 'What was written to the descriptor is still there, so it is ready in the next turn as well; or each of many wake-ups was counted.',
      next: 'read all that there is, then call onWake once',
      read: WAKE_UPS,
    },
    lost: {
      why: 'Between "onWake has looked for work" and "the descriptor is emptied", a thread had time to add work and to wake. Its byte was thrown away with the others, and no one will look.',
      next: 'empty the descriptor first, and call onWake after that',
      read: WAKE_UPS,
    },
  },
  async run(exam) {
    await drive(exam, 'wakes', 'wakes');
    await drive(exam, 'wakes', 'threads');
  },
};
