// results.json of an exercism test runner, version 3: exercism/docs, building/tooling/test-runners/interface.md.
// Students see the first failure only; checks that could not be made here are left out.
import type { CheckResult, LabResult } from '../result.ts';
import { cut, printable } from '../wrap.ts';
import { cannotRun, failureText } from './failure.ts';

const OUTPUT_MAX = 500;
const CUT_OFF = '\nOutput was truncated. Please limit to 500 chars';
const FIRST_TASK = 'a'.charCodeAt(0);

export function exercismOf(result: LabResult): string {
  const checks = result.checks.filter(({ status }) => status !== 'not checked');
  const first = checks.find(({ failure }) => failure !== undefined)?.failure;
  const isError = cannotRun(result);
  const status = isError ? 'error' : first === undefined ? 'pass' : 'fail';
  const json = {
    version: 3,
    status,
    message: isError && first !== undefined ? failureText(first) : null,
    tests: checks.map((check) => testOf(check, isError)),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

function testOf(check: CheckResult, isError: boolean) {
  const { name, failure, task } = check;
  const taskId = task.charCodeAt(0) - FIRST_TASK + 1;
  const about = { name, ...(taskId > 0 && { task_id: taskId }) };
  if (failure === undefined) return { ...about, status: 'pass' };
  const { did, expected, got } = failure;
  return {
    ...about,
    status: isError ? 'error' : 'fail',
    message: failureText(failure),
    output: limited(printable(got)),
    test_code: `${did}\n${expected}`,
  };
}

function limited(text: string): string {
  if ([...text].length <= OUTPUT_MAX) return text;
  return `${cut(text, OUTPUT_MAX - CUT_OFF.length)}${CUT_OFF}`;
}
