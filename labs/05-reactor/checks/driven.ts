// How the checks of lab 5 run: the grader calls the student's reactor, in a process of its own.
import type { Exam } from '../../src/exam/exam.ts';
import type { Cause } from '../../src/lab.ts';

/** Calls an export of driver/FILE with the student's reactor. */
export function drive(exam: Exam, file: string, name: string): Promise<void> {
  return exam.drive(new URL(`../driver/${file}.js`, import.meta.url), name, 'reactor');
}

/** What can be wrong wherever a reactor is called. */
export const common = {
  'not exported': {
    why: 'The grader imports reactor.ts, and calls createReactor with a poller.',
    next: 'export function createReactor({ poller, now, onWake }), as the starter does',
    read: 'the sheet, "The contract"',
  },
  'not called': {
    why: 'The poller has reported a descriptor that is ready, and its handler has not been called. A reactor is a table between the two: the token of an event says which entry it is of.',
    next: 'in turn, go through poller.events: look the token up, and call onReady of what is found',
    read: 'docs/semantics.md "Level reports a readable descriptor at every wait until it is drained."',
  },
  stuck: {
    why: 'The turn waits for ever: nothing is registered that could still end it, or its timeout is -1 though something is due.',
    next: 'compute the timeout from the first timer, and from what is deferred, before you wait',
    read: 'the sheet, task d',
  },
  spins: {
    why: 'The poller was asked {waits} times, again and again, and time did not get on: a timeout of 0 is a look, and no wait.',
    next: 'print the timeout that you give to poller.wait, and think of 0.3 ms rounded down',
    read: 'docs/semantics.md "A timeout of a fraction of a millisecond does not spin."',
  },
} as const satisfies Record<string, Cause>;
