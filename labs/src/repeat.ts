// Several gradings as one result: a check passes when it has passed each time.
import { type GradeOptions, grade } from './grade.ts';
import type { Lab } from './lab.ts';
import type { CheckResult, LabResult } from './result.ts';

/** The seed is one more each time. */
export async function gradeRepeatedly(
  lab: Lab,
  options: GradeOptions,
  count: number,
): Promise<LabResult> {
  const results: LabResult[] = [];
  for (let run = 0; run < count; run++) {
    results.push(await grade(lab, { ...options, seed: (options.seed ?? 1) + run }));
  }
  return together(results);
}

/** @param results - of the same checks, at least one. */
export function together(results: readonly LabResult[]): LabResult {
  const [first] = results as [LabResult, ...LabResult[]];
  if (results.length === 1) return first;
  const checks = first.checks.map((_, at) => {
    const runs = results.map((result) => result.checks[at] as CheckResult);
    return worst(runs, first.seed);
  });
  const score = checks.reduce((sum, check) => sum + check.score, 0);
  return { ...first, score, checks };
}

function worst(runs: readonly CheckResult[], seed: number): CheckResult {
  const ms = runs.reduce((sum, run) => sum + run.ms, 0);
  const failed = runs.filter(({ status }) => status === 'failed');
  const [bad] = failed;
  if (bad?.failure === undefined) return { ...(runs[0] as CheckResult), ms };
  const at = runs.indexOf(bad);
  const times = `in ${failed.length} of ${runs.length} runs, first with --seed ${seed + at}`;
  return { ...bad, ms, failure: { ...bad.failure, got: `${times}: ${bad.failure.got}` } };
}
