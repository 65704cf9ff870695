// For a person at a terminal: the first failure in full, and the rest a line each.
import type { CheckResult, LabResult } from '../result.ts';
import { cut, wrap } from '../wrap.ts';
import { failureLines, summaryOf, titleOf } from './failure.ts';

const MARKS = { passed: '✓', failed: '✗', 'not checked': '–' } as const;
const COLORS = { passed: 32, failed: 31, 'not checked': 33 } as const;
const DIM = 2;

export interface TextOptions {
  readonly hasColor?: boolean;
  /** Default 80. */
  readonly columns?: number;
  /** The lab behind this one, which is named when this one is done. */
  readonly nextLab?: number;
}

type Paint = (code: number, text: string) => string;

export function textOf(result: LabResult, options: TextOptions = {}): string {
  const { hasColor = false, columns = 80, nextLab } = options;
  const paint: Paint = (code, text) => (hasColor ? `\x1b[${code}m${text}\x1b[0m` : text);
  const primary = result.checks.find(({ status }) => status === 'failed');
  const checks = result.checks.flatMap((check) =>
    linesOf(check, check === primary, columns, paint),
  );
  const lines = [
    `Lab ${result.lab}  ${result.title}`,
    '',
    ...checks,
    ...(checks.at(-1) === '' ? [] : ['']),
    ...wrap(summaryOf(result), columns),
  ];
  if (primary !== undefined) lines.push(`next: npx edgewise lab explain ${primary.id}`);
  else if (nextLab !== undefined && !result.isPartial)
    lines.push(`next: npx edgewise lab start ${nextLab}`);
  return `${lines.join('\n')}\n`;
}

function linesOf(check: CheckResult, isPrimary: boolean, columns: number, paint: Paint): string[] {
  const { status, score, maxScore, failure, reason } = check;
  const right = status === 'not checked' ? '' : ` ${score}/${maxScore}`;
  const room = columns - right.length - 2;
  const title = cut(titleOf(check), room).padEnd(room);
  const first = `${paint(COLORS[status], MARKS[status])} ${title}${right}`.trimEnd();
  if (reason !== undefined) {
    const lines = wrap(`not checked here: ${reason}`, columns - 2);
    return [first, ...lines.map((line) => `  ${line}`)];
  }
  if (failure === undefined || !isPrimary) return [first];
  const dim = (label: string): string => paint(DIM, label);
  return [
    first,
    ...failureLines(failure, columns - 2, dim).map((line) => `  ${line}`.trimEnd()),
    '',
  ];
}
