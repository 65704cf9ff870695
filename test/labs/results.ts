// Gradings made by hand, with all that a program can print in them.
import type { CheckResult, Failure, LabResult } from '../../labs/src/result.ts';

export const failure: Failure = {
  cause: 'sleeps',
  did: 'wrote 262,144 bytes in one burst, then waited like a client that waits for its answer',
  expected: '262,144 bytes back within 2 s',
  got: '4,096; the program sleeps in epoll_wait',
  why:
    'The handler was called once (edge), has read 4,096 bytes and returned. The kernel has nothing new ' +
    'to report, and the client will not send more.\n  turn 12  fd 9  edge  recv -> 4096  return',
  next: 'go on until recv says would-block, or remember that there is more and come back',
  read: 'semantics.md "An edge reader that stops early is not reported to again while the peer is silent."',
  see: '.edgewise/4.3.edgetrace',
};

const about = { task: 'a', ms: 1200 };

export const passing: CheckResult = {
  ...about,
  id: '4.1',
  name: 'the protocol of lab 3',
  status: 'passed',
  score: 6,
  maxScore: 6,
};

export const failing: CheckResult = {
  ...about,
  id: '4.3',
  name: 'a burst, then silence',
  status: 'failed',
  score: 0,
  maxScore: 8,
  failure,
};

const unchecked: CheckResult = {
  ...about,
  id: '4.5',
  name: 'data and the end in one segment',
  status: 'not checked',
  score: 0,
  maxScore: 0,
  ms: 0,
  reason: 'this system has no /proc that shows other processes',
};

/** What a program prints can be anything: markup, controls, halves of letters, a very long word. */
const odd: CheckResult = {
  ...failing,
  id: '4.7',
  task: 'c',
  name: 'a | "name" <with> & all, 100 %: `that` formats escape ✓',
  failure: {
    ...failure,
    got: `]]> & <b> \x1b[31mred\x1b[0m \x00\x07\ud800 %0A ::error:: \`\`\`\n${'x'.repeat(3000)}`,
  },
};

export function resultOf(checks: readonly CheckResult[]): LabResult {
  const sumOf = (name: 'score' | 'maxScore'): number =>
    checks.reduce((sum, check) => sum + check[name], 0);
  return {
    format: 'edgewise/lab-result/v1',
    lab: 4,
    title: 'The edge loop and the drain rule',
    folder: '04-edge',
    seed: 7,
    startedAt: '2026-11-30T22:10:47.123Z',
    score: sumOf('score'),
    maxScore: sumOf('maxScore'),
    checks,
  };
}

const broken = {
  ...failure,
  cause: 'does not compile',
  got: "echo.ts:2\nSyntaxError: Unexpected token '='",
};

export const results = {
  mixed: resultOf([passing, failing, unchecked, { ...failing, id: '4.6' }, odd]),
  'all passed': resultOf([passing, unchecked]),
  'nothing runs': resultOf([
    { ...failing, failure: broken },
    { ...odd, failure: broken },
  ]),
  'nothing checked': resultOf([unchecked]),
  empty: resultOf([]),
} as const satisfies Record<string, LabResult>;
