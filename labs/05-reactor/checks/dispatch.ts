// Which handler is called: the table, identity, and handlers that change it in the middle of a batch.
import type { Check } from '../../src/lab.ts';
import { common, drive } from './driven.ts';

const calledForNothing = {
  why: 'A handler was called for what it has no interest in any more, or for a descriptor that is not ready. What the poller has in its set is not what the reactor believes.',
  next: 'hand each change on to the poller: add, modify, remove',
  read: 'docs/semantics.md "Events report only what the interest asks for, and the closed and error bits, which nothing masks."',
};
const refused = {
  why: 'The number was free, and is a new descriptor. What the reactor had registered under it before is gone, also where no call has said so: close(2) takes a descriptor out of the interest set by itself.',
  next: 'ask the poller: when add succeeds, what the table has under that number is over',
  read: 'docs/semantics.md "A descriptor that was closed without removing it leaves its number free for a new registration."',
};

export const dispatch: Check = {
  id: '5.1',
  name: 'each event to its handler',
  points: 2,
  task: 'a',
  did: 'registered descriptors, made some of them ready, and turned; changed interests, and closed registrations',
  expected:
    'one call for each that is ready, with its readiness and its registration, and no other',
  causes: {
    ...common,
    'called for nothing': calledForNothing,
    'wrong bits': {
      why: 'A handler decides by the bits what it does: read, or write. They come from poller.events, next to the token.',
      next: 'hand poller.events.readiness(i) to the handler of poller.events.token(i)',
      read: 'docs/semantics.md, "The bits that you ask for, and those that you get unasked"',
    },
    'wrong registration': {
      why: 'A handler may serve many registrations: the second argument is how it knows which one it is called for.',
      next: 'call onReady(readiness, registration) with the object that register has returned',
      read: 'the sheet, "The contract"',
    },
    'wrong count': {
      why: 'A caller that turns until nothing happens goes by what turn returns.',
      next: 'count the handlers that you call',
      read: 'the sheet, "The contract"',
    },
    'not closed': {
      why: 'Others hold the registration as well, and look at isClosed before they use it.',
      next: 'keep the state in the object that register returns',
      read: 'the sheet, "The contract"',
    },
    refused,
  },
  run: (exam) => drive(exam, 'dispatch', 'dispatch'),
};

export const identity: Check = {
  id: '5.2',
  name: 'a number is no identity',
  points: 3,
  task: 'b',
  did: 'had a handler close a descriptor that was ready as well, and register the next one that got its number; and closed one behind the back of the reactor',
  expected: 'an event reaches the registration that it was reported for, or no one',
  causes: {
    ...common,
    'stale event': {
      why: 'The kernel gives the lowest number that is free, so a new descriptor often has the number of the one before. The batch was made before that: its event is of the old one. A number, or a slot of a table, says where; which one was there at the time says only what changes with each use: a generation. It was used {times} times in between.',
      next: 'put slot and generation into the token (it has 53 bits), and compare the generation when you look it up',
      read: 'docs/semantics.md "A descriptor that gets the number of a closed one in the same batch does not get its event."',
    },
    'took out another': {
      why: 'close() of an old registration has removed by number, and the number was a new registration by then.',
      next: 'remove only while the table has this very registration under the number',
      read: 'docs/semantics.md "A descriptor that was closed without removing it leaves its number free for a new registration."',
    },
    'called for nothing': calledForNothing,
    refused,
  },
  run: (exam) => drive(exam, 'dispatch', 'identity'),
};

export const batch: Check = {
  id: '5.3',
  name: 'handlers that change the batch',
  points: 3,
  task: 'c',
  did: 'had the first handler of a batch of 20 close all registrations, take their interest away, or call turn(0)',
  expected:
    'what is closed or not wanted any more is not called; an inner turn leaves the outer batch as it was',
  causes: {
    ...common,
    'closed one called': {
      why: 'The events of a batch were reported before the first handler ran. What it has closed is still in there.',
      next: 'look at the table when you deliver, not when you collect',
      read: 'docs/semantics.md "A handler that closes a later registration of the batch keeps its event from being delivered."',
    },
    unwanted: {
      why: 'The readiness is from before the first handler, the interest is from now. A handler that is called for Readable, and has just lost that interest, reads all the same.',
      next: 'deliver readiness & interest (and the closed and error bits), and nothing when that is 0',
      read: 'docs/semantics.md "A handler that removes an interest keeps the events of that interest in the batch from being delivered."',
    },
    'outer batch': {
      why: 'poller.events is memory that each wait fills anew. The inner turn has written over the events that the outer one was going through.',
      next: 'copy tokens and readiness before you call the first handler',
      read: 'docs/semantics.md "A handler may call turn(0), and the outer batch goes on after it."',
    },
  },
  run: (exam) => drive(exam, 'dispatch', 'batch'),
};

export const errors: Check = {
  id: '5.4',
  name: 'handlers that throw',
  points: 2,
  task: 'f',
  did: 'had one, and two, of 10 handlers throw, then a timer and a deferred function',
  expected:
    'all others are called in the same turn, which then throws: the error, or an AggregateError of all',
  causes: {
    ...common,
    'batch ended': {
      why: 'The exception has left the loop over the batch. What came behind it was reported once, and each of these clients waits for another turn; under the edge trigger, for ever.',
      next: 'catch around each call, keep the error, and throw at the end of the turn',
      read: 'docs/semantics.md "A handler that throws does not stop the batch."',
    },
    swallowed: {
      why: '{lost} errors have been caught, and no one sees them. A program that goes on as if nothing had happened is harder to repair than one that stops.',
      next: 'collect the errors of a turn; throw one as it is, and several as an AggregateError',
      read: 'docs/semantics.md "A handler that throws does not stop the batch."',
    },
    'thrown again': {
      why: 'The errors of one turn were thrown by the next one as well.',
      next: 'begin each turn with an empty list',
      read: 'the sheet, task f',
    },
  },
  run: (exam) => drive(exam, 'errors', 'errors'),
};
