// For a workflow of GitHub Actions: annotations by workflow commands, and a page in Markdown for
// $GITHUB_STEP_SUMMARY. docs.github.com, "Workflow commands for GitHub Actions".
import type { CheckResult, LabResult } from '../result.ts';
import { failureText, messageOf, summaryOf, titleOf } from './failure.ts';

const MARKS = { passed: '✅', failed: '❌', 'not checked': '➖' } as const;

export function actionsOf(result: LabResult): string {
  const lines = result.checks.flatMap((check) => {
    if (check.failure !== undefined) return [command('error', check)];
    return check.reason === undefined ? [] : [command('notice', check)];
  });
  return `${[...lines, `lab ${result.lab}: ${summaryOf(result)}`].join('\n')}\n`;
}

function command(kind: 'error' | 'notice', check: CheckResult): string {
  const title = data(titleOf(check)).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return `::${kind} title=${title}::${data(messageOf(check))}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** The page. */
export function actionsSummaryOf(result: LabResult): string {
  const { lab, title, checks } = result;
  const rows = checks.map(
    (check) =>
      `| ${MARKS[check.status]} | ${cell(titleOf(check))} | ${check.score}/${check.maxScore} |`,
  );
  const [first] = checks.flatMap(({ failure }) => failure ?? []);
  const details = first === undefined ? [] : ['', ...fenced(failureText(first))];
  return `${[
    `## Lab ${lab}: ${title}`,
    '',
    summaryOf(result),
    '',
    '| | check | points |',
    '|---|---|---:|',
    ...rows,
    ...details,
  ].join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

// A fence that nothing in the text can close.
function fenced(text: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, text, fence];
}
