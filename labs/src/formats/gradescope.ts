// results.json of Gradescope: gradescope-autograders.readthedocs.io/en/latest/specs, "Output format".
import type { CheckResult, LabResult } from '../result.ts';
import { messageOf, summaryOf, titleOf } from './failure.ts';

const MS_PER_SECOND = 1000;

export function gradescopeOf(result: LabResult): string {
  const { score, checks, lab, seed } = result;
  const ms = checks.reduce((sum, check) => sum + check.ms, 0);
  const json = {
    score,
    execution_time: Math.round(ms / MS_PER_SECOND),
    output: summaryOf(result),
    output_format: 'text',
    visibility: 'visible',
    stdout_visibility: 'hidden',
    extra_data: { lab, seed },
    tests: checks.map(testOf),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

function testOf(check: CheckResult) {
  const { id, score, maxScore, status, task } = check;
  return {
    name: titleOf(check),
    number: id,
    score,
    max_score: maxScore,
    // Without it, Gradescope goes by the score.
    ...(status !== 'not checked' && { status }),
    output: messageOf(check),
    output_format: 'text',
    tags: [`task ${task}`],
    visibility: 'visible',
  };
}
