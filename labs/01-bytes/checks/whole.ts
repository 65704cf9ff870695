// Reads and writes of a number of bytes, which take as many calls as they take.
import type { Check } from '../../src/lab.ts';
import { simulateBytes } from './simulate.ts';

export const writesAll: Check = {
  id: '1.1',
  name: 'write it all',
  points: 3,
  task: 'a',
  did: 'called writeAll with 20,000 bytes on a socket whose writes take a part of what they are given; and again with a peer that resets in the middle',
  expected:
    'every byte arrives once and in order, and the length is returned; after a reset, -errno',
  causes: {
    'not all': {
      why: 'write(2) returns how many bytes the kernel took: fewer than it was given when a buffer is full, a signal comes or a time is up. What it did not take is still yours.',
      next: 'go on with what is left behind the bytes that it took, until nothing is left',
      read: 'write(2), RETURN VALUE',
    },
    'hides the error': {
      why: 'The peer has gone, and the bytes that it had not read are lost. A caller that is not given the error believes that they arrived.',
      next: 'return the first negative result as it is',
      read: 'docs/errors.md; write(2), ERRORS: EPIPE',
    },
    'wrong result': {
      why: 'The caller looks at the result: it is the length when all was written, however many calls that took.',
      next: 'count what each call has taken, and return the sum',
      read: 'the sheet, task a',
    },
    stuck: {
      why: 'All bytes were taken, and another call waits for room that no one needs.',
      next: 'stop when nothing is left',
      read: 'the sheet, task a',
    },
  },
  run: (exam) => simulateBytes(exam, 'writesAll', 20),
};

export const readsFully: Check = {
  id: '1.2',
  name: 'read it full',
  points: 2,
  task: 'a',
  did: 'called readFull for 4,000 bytes that came in parts, and again where 1,000 bytes and the end were left',
  expected: '4,000; then 1,000, because the stream ends; then 0',
  causes: {
    'not full': {
      why: 'A read returns what is there, up to what it is asked for, and waits only while nothing is there. A stream has no messages: how the bytes were sent is not how they come.',
      next: 'read again, behind what has come, until the memory is full',
      read: 'read(2), RETURN VALUE; tcp(7)',
    },
    'wrong end': {
      why: 'A read of 0 is the end: the peer sends no more, and every later read is 0 as well. What came before it is still yours to return.',
      next: 'stop at 0, and return how many bytes came before it',
      read: 'docs/semantics.md "Data that was sent before a FIN can be read before the end is seen."',
    },
    stuck: {
      why: 'It waits for bytes, and the peer waits for nothing: all that was asked for has come, or will never come.',
      next: 'read again only while the memory is not full, and not after the end',
      read: 'the sheet, task a',
    },
    hangs: {
      why: 'It goes round and round: a read of 0 is the end, and never "nothing yet". On a blocking descriptor "nothing yet" does not return at all.',
      next: 'leave the loop at 0',
      read: 'read(2), RETURN VALUE',
    },
  },
  run: (exam) => simulateBytes(exam, 'readsFully', 20),
};
