// Two small labs in place of the real ones: the tests of the commands install them, and know what they find.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Miss } from 'edgewise-labs';

const silent = {
  why: 'A stream has no messages: {count} bytes are in the socket, and no one reads them.',
  next: 'read until would-block',
  read: 'recv(2)',
};

const answers = {
  id: '1.1',
  name: 'an echo of one line',
  points: 6,
  task: 'a',
  did: 'sent "hi" and waited',
  expected: 'the same line back',
  causes: {
    silent,
    other: { why: 'Something else came back.', next: 'send what was read', read: 'send(2)' },
  },
  async run(exam) {
    const trial = await exam.start('echo');
    const peer = await exam.connect(trial);
    peer.write('hi\n');
    const bytes = await exam.receive(trial, peer, 3, 'silent');
    if (bytes.toString() !== 'hi\n') throw new Miss('other', JSON.stringify(bytes.toString()));
  },
};

const ends = {
  id: '1.2',
  name: 'it ends when it is asked to',
  points: 4,
  task: 'b',
  did: 'sent SIGTERM',
  expected: 'its end within two seconds',
  causes: {},
  async run(exam) {
    const trial = await exam.start('echo');
    await trial.end();
  },
};

const faulty = {
  id: '1.3',
  name: 'a fault of the grader',
  points: 0,
  task: 'b',
  did: 'looked for a file',
  expected: 'none',
  causes: {},
  async run(exam) {
    await exam.start('echo');
    if (existsSync(join(exam.folder, 'fault'))) throw new Error('no such table');
  },
};

const more = {
  ...ends,
  id: '2.1',
  name: 'a check with a name that is far too long for one line of a terminal with eighty columns',
};

export const labs = [
  {
    number: 1,
    folder: '01-echo',
    title: 'Echo',
    files: ['echo.ts'],
    checks: [answers, ends, faulty],
  },
  { number: 2, folder: '02-more', title: 'More', files: ['echo.ts'], checks: [more] },
];
