// What a grading has found: one form inside, from which every format is made.
import { generalCauses } from './exam/causes.ts';
import type { Cause, Check, Miss } from './lab.ts';

/** Why a check has failed, in the words of a student. */
export interface Failure {
  /** The name of the cause, for tests of the grader. */
  readonly cause: string;
  readonly did: string;
  readonly expected: string;
  readonly got: string;
  readonly why: string;
  readonly next: string;
  readonly read: string;
  /** The command that makes the failing simulated run again. */
  readonly again?: string;
  /** A trace of the failing run, for `edgewise view`. */
  readonly see?: string;
}

export interface CheckResult {
  readonly id: string;
  readonly name: string;
  readonly task: string;
  readonly status: 'passed' | 'failed' | 'not checked';
  readonly score: number;
  readonly maxScore: number;
  readonly ms: number;
  readonly failure?: Failure;
  /** Why it was not checked here. */
  readonly reason?: string;
}

/** `edgewise/lab-result/v1`. */
export interface LabResult {
  readonly format: 'edgewise/lab-result/v1';
  readonly lab: number;
  readonly title: string;
  readonly folder: string;
  readonly seed: number;
  readonly startedAt: string;
  readonly score: number;
  readonly maxScore: number;
  /** Only some of the lab's checks were made. */
  readonly isPartial?: true;
  readonly checks: readonly CheckResult[];
}

/** @throws Error - the cause is none of the check's: a fault of the grader. */
export function failureOf(
  check: Check,
  miss: Miss,
  common: Readonly<Record<string, Cause>>,
): Failure {
  const general = generalCauses[miss.why] ?? '';
  const name = check.causes[miss.why] === undefined && general in check.causes ? general : miss.why;
  const cause = check.causes[name] ?? common[name];
  if (cause === undefined) throw new Error(`${check.id} has no cause '${miss.why}': ${miss.got}`);
  const fill = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => String(miss.values[name] ?? `{${name}}`));
  return {
    cause: name,
    did: fill(check.did),
    expected: fill(check.expected),
    got: miss.got,
    why: fill(cause.why),
    next: fill(cause.next),
    read: fill(cause.read),
  };
}
