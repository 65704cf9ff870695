// What every format says of a failure: its parts in their order, and whether a program could run at all.
import type { CheckResult, Failure, LabResult } from '../result.ts';
import { shellWord } from '../shell-word.ts';
import { cut, printable, wrap } from '../wrap.ts';

/** Of what was seen; a program can print anything. */
const GOT_MAX = 2000;
const LABEL_COLUMNS = 10;

/** The parts that a student reads, in order, each with its label. */
function partsOf(failure: Failure): [label: string, text: string][] {
  const { did, expected, got, why, next, read, again, see } = failure;
  const parts: [string, string][] = [
    ['did', did],
    ['expected', expected],
    ['got', cut(printable(got), GOT_MAX)],
    ['why', why],
    ['next', next],
    ['read', read],
  ];
  if (again !== undefined) parts.push(['again', again]);
  if (see !== undefined) parts.push(['see', `npx edgewise view ${shellWord(see)}`]);
  return parts;
}

/** The same as lines of at most so many columns; `paint` changes how a label looks. */
export function failureLines(
  failure: Failure,
  columns: number,
  paint: (label: string) => string = (label) => label,
): string[] {
  const indent = ' '.repeat(LABEL_COLUMNS);
  return partsOf(failure).flatMap(([label, text]) =>
    wrap(text, columns - LABEL_COLUMNS).map((line, at) => {
      const left = at === 0 ? paint(label.padEnd(LABEL_COLUMNS)) : indent;
      return `${left}${line}`.trimEnd();
    }),
  );
}

/** The same as one text, for pages with a fixed font. */
export function failureText(failure: Failure): string {
  return failureLines(failure, 80).join('\n');
}

/** What a check has to say: its failure, or why it was not checked. */
export function messageOf({ failure, reason }: CheckResult): string {
  if (failure !== undefined) return failureText(failure);
  return reason === undefined ? '' : `not checked here: ${reason}`;
}

/** `'4.3 a burst, then silence'`. */
export function titleOf({ id, name }: CheckResult): string {
  return `${id} ${name}`;
}

const CANNOT_RUN = ['not found', 'cannot run here', 'does not compile'];

/** Whether nothing could be looked at, because no program of the student's is there or compiles. */
export function cannotRun({ checks }: LabResult): boolean {
  const checked = checks.filter(({ status }) => status !== 'not checked');
  return (
    checked.length > 0 &&
    checked.every(({ failure }) => failure !== undefined && CANNOT_RUN.includes(failure.cause))
  );
}

/** `'12 of 20 points; 8 of 12 checks passed, 1 not checked here'`. */
export function summaryOf({ score, maxScore, checks, isPartial }: LabResult): string {
  const countOf = (status: CheckResult['status']): number =>
    checks.filter((check) => check.status === status).length;
  const notChecked = countOf('not checked');
  const rest = notChecked === 0 ? '' : `, ${notChecked} not checked here`;
  const whole = isPartial ? ' of the checks that were made' : '';
  const points = `${score} of ${maxScore} point${maxScore === 1 ? '' : 's'}${whole}`;
  const made = `${checks.length} check${checks.length === 1 ? '' : 's'}`;
  return `${points}; ${countOf('passed')} of ${made} passed${rest}`;
}
