// result.json of Classroom 50: github.com/foundation50/classroom50/wiki/Advanced-Autograding, "The
// result.json contract". What identifies a submission comes from the environment of its runner.
import type { CheckResult, LabResult } from '../result.ts';
import { messageOf, titleOf } from './failure.ts';

export function classroom50Of(result: LabResult, env: NodeJS.ProcessEnv): string {
  const tests = result.checks.map(testOf);
  const sumOf = (name: 'score' | 'max-score'): number =>
    tests.reduce((sum, test) => sum + test[name], 0);
  const json = {
    schema: 'classroom50/result/v1',
    classroom: env.CLASSROOM ?? '',
    assignment: env.ASSIGNMENT ?? '',
    submission: env.SUBMISSION_TAG ?? '',
    commit: env.COMMIT_URL ?? '',
    release: env.RELEASE_URL ?? '',
    review: env.REVIEW_URL ?? env.COMMIT_URL ?? '',
    datetime: result.startedAt.replace(/\.\d+Z$/, 'Z'),
    score: sumOf('score'),
    'max-score': sumOf('max-score'),
    tests,
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

// Scores are whole numbers there. What was not checked is 0 of 0, which they call a vacuous pass.
function testOf(check: CheckResult) {
  const { status, score, maxScore, task } = check;
  return {
    'test-name': titleOf(check),
    passed: status !== 'failed',
    score: Math.round(score),
    'max-score': Math.round(maxScore),
    task,
    message: messageOf(check),
  };
}
