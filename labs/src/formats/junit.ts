// The XML that JUnit's Ant task writes and build servers read; there is no standard, and this is what they share.
import type { CheckResult, LabResult } from '../result.ts';
import { failureText, titleOf } from './failure.ts';

const MS_PER_SECOND = 1000;
// What XML 1.0 cannot hold, not even escaped.
const UNPRINTABLE = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

export function junitOf(result: LabResult): string {
  const { checks, lab, title, startedAt } = result;
  const countOf = (status: CheckResult['status']): number =>
    checks.filter((check) => check.status === status).length;
  const ms = checks.reduce((sum, check) => sum + check.ms, 0);
  const counts = attributes({ tests: checks.length, failures: countOf('failed'), errors: 0 });
  const timestamp = startedAt.replace(/(\.\d+)?Z$/, '');
  const suite = attributes({ name: `lab ${lab}: ${title}`, hostname: 'localhost', timestamp });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${counts}${attributes({ time: seconds(ms) })}>`,
    `  <testsuite${suite}${counts}${attributes({ skipped: countOf('not checked'), time: seconds(ms) })}>`,
    ...checks.map((check) => caseOf(check, lab)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseOf(check: CheckResult, lab: number): string {
  const { ms, failure, reason } = check;
  const begin = `    <testcase${attributes({ name: titleOf(check), classname: `lab${lab}`, time: seconds(ms) })}`;
  if (reason !== undefined)
    return `${begin}><skipped${attributes({ message: reason })}/></testcase>`;
  if (failure === undefined) return `${begin}/>`;
  const about = attributes({ message: failure.got, type: failure.cause });
  return `${begin}><failure${about}>${escaped(failureText(failure))}</failure></testcase>`;
}

function seconds(ms: number): string {
  return (ms / MS_PER_SECOND).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replaceAll('\n', '&#10;')}"`)
    .join('');
}

function escaped(text: string): string {
  return text
    .replace(UNPRINTABLE, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
