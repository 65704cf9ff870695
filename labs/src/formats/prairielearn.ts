// results.json of PrairieLearn: docs/externalGrading.md, "Grading results". A submission with nothing to run is
// not gradable, and costs no attempt.
import type { CheckResult, LabResult } from '../result.ts';
import { cannotRun, messageOf, summaryOf, titleOf } from './failure.ts';

export function prairielearnOf(result: LabResult): string {
  const json = cannotRun(result) ? ungradable(result) : gradable(result);
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

function ungradable({ checks }: LabResult) {
  const errors = checks.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  const texts = errors.map(({ got, next }) => `${got}\n${next}`);
  return { gradable: false, format_errors: [...new Set(texts)] };
}

function gradable(result: LabResult) {
  const { score, maxScore, checks } = result;
  return {
    gradable: true,
    score: maxScore === 0 ? 0 : score / maxScore,
    message: summaryOf(result),
    tests: checks.map(testOf),
  };
}

function testOf(check: CheckResult) {
  const { score, maxScore, failure } = check;
  return {
    name: titleOf(check),
    description: failure?.did ?? '',
    points: score,
    max_points: maxScore,
    message: failure?.next ?? '',
    output: messageOf(check),
  };
}
