// What an archive for each of the systems looks like.
import { randomUUID } from 'node:crypto';
import { stripsTypes } from '../exam/program.ts';
import type { Lab } from '../lab.ts';
import { type BundleOptions, type Files, graderFiles, into, template, valuesOf } from './bundle.ts';

/** Runs TypeScript without a build. */
const NODE_MIN = '22.18.0';
const PRAIRIELEARN_TIMEOUT_SECONDS = 300;

type Kind = (lab: Lab, options: BundleOptions) => Files;

export const kinds = { gradescope, classroom50, prairielearn } as const satisfies Record<
  string,
  Kind
>;

export type KindName = keyof typeof kinds;

// The archive is unpacked in /autograder/source.
function gradescope(lab: Lab, options: BundleOptions): Files {
  const values = { NODE: stripsTypes() ? process.versions.node : NODE_MIN };
  return new Map([
    ['setup.sh', template('gradescope/setup.sh', values, true)],
    ['run_autograder', template('gradescope/run_autograder', values, true)],
    ...into('grader', graderFiles(lab, options)),
  ]);
}

// To be unpacked in CLASSROOM/autograders/ASSIGNMENT.
function classroom50(lab: Lab, options: BundleOptions): Files {
  return new Map([
    ['autograder.py', template('classroom50/autograder.py', {}, true)],
    ['runtime.json', template('classroom50/runtime.json', {})],
    ...into('grader', graderFiles(lab, options)),
  ]);
}

// The folder of a question.
function prairielearn(lab: Lab, options: BundleOptions): Files {
  const info = {
    uuid: randomUUID(),
    title: lab.title,
    topic: 'Systems programming',
    type: 'v3',
    singleVariant: true,
    gradingMethod: 'External',
    externalGradingOptions: {
      enabled: true,
      image: 'node:22',
      entrypoint: '/grade/tests/run.sh',
      timeout: PRAIRIELEARN_TIMEOUT_SECONDS,
    },
  };
  return new Map([
    ['info.json', { bytes: Buffer.from(`${JSON.stringify(info, undefined, 2)}\n`) }],
    ['question.html', template('prairielearn/question.html', valuesOf(lab))],
    ['tests/run.sh', template('prairielearn/run.sh', {}, true)],
    ...into('tests/grader', graderFiles(lab, options)),
  ]);
}
