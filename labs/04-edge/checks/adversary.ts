// Task e: everything at once, on a kernel that is as unkind as it may be.
import type { Check } from '../../src/lab.ts';
import { edgeCauses } from './causes.ts';

const RUNS = 40;
const RUNS_QUICK = 10;

export const adversary: Check = {
  id: '4.10',
  name: 'on an unkind kernel',
  points: 2,
  task: 'e',
  did: `ran your server ${RUNS} times on a simulated kernel: strict edges, short reads and writes, bytes that come late and in pieces, waits that end for nothing`,
  expected:
    'all answers to a client that sends a burst, to one that reads late, and to those that end at once',
  causes: {
    ...edgeCauses,
    'lost wake-up': {
      why: 'This kernel reports an edge only where something was not ready before, which every kernel may, and Linux does not. What your program leaves is left for good. The last calls are above: the last one for that client is where it should have gone on.',
      next: 'repeat this run: the line "again" has what decides it; then look for what stops before would-block',
      read: 'docs/testing.md; the sheet, task e',
    },
    'no end': {
      why: 'A client has ended its side and has all its answers, and its connection is still open.',
      next: 'close when a read has returned 0 and the queue is empty, in whatever order the two come',
      read: 'the sheet, task c',
    },
  },
  async run(exam) {
    await exam.simulate({
      module: new URL('../simulated.js', import.meta.url),
      name: 'adversary',
      program: 'server',
      runs: exam.isQuick ? RUNS_QUICK : RUNS,
    });
  },
};
