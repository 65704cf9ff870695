// The report as Markdown, for an issue or a pull request: the same words and tables, without plots.
import { CHANGE_HEAD, changeCells, tallyOf } from '../compare.ts';
import { BANNER, disturbanceText, isDisturbed, isRunDisturbed, loadLines } from '../disturbance.ts';
import { ratioOfMetric, retriesOf, spreadOfMetric } from '../measurements.ts';
import type { Case, Measurement, Metric, Results, ScenarioInfo } from '../model.ts';
import type { Changes } from './changes.ts';
import { figure } from './figures.ts';
import { casesOf, meritOf, ranked, titleOf, type Words, wordsOf } from './words.ts';

const ABSENT = '–';

/**
 * The whole report as text.
 *
 * The same results make the same bytes.
 */
export function toMarkdown(results: Results, changes: readonly Changes[] = []): string {
  const words = wordsOf(results);
  const { machine } = results;
  const parts = [
    '# edgewise: benchmark report',
    `Measured ${results.startedAt}, in ${Math.round(results.seconds)} s, by`,
    `    ${results.command}`,
    ...(isRunDisturbed(results) ? [`> **Disturbed.** ${escaped(BANNER)}`] : []),
    ...(results.cases.length === 0 ? ['Nothing was measured.'] : []),
    ...changes.map(changesText),
    ...results.scenarios.flatMap((scenario) => scenarioText(words, scenario)),
    '## The machine',
    [
      `- CPU: ${escaped(machine.cpu)}, ${machine.cpus} CPUs; ${escaped(machine.kernel)}`,
      `- ${escaped(machine.pinning)}`,
      `- Node.js ${machine.node}, libuv ${machine.libuv}, edgewise ${escaped(machine.edgewise)}`,
      ...loadLines(results).map((line) => `- ${line}`),
      ...results.missing.map(({ name, reason }) => `- not measured: ${name}: ${escaped(reason)}`),
    ].join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function changesText({ title, comparison }: Changes): string {
  const { differences, warnings, skipped } = comparison;
  return [
    `## ${title}`,
    differences.length === 0 ? 'Nothing could be compared.' : `${tallyOf(comparison)}.`,
    ...(differences.length === 0
      ? []
      : [tableText([CHANGE_HEAD, ...differences.map(changeCells)])]),
    ...warnings.map((text) => `warning: ${escaped(text)}`),
    ...skipped.map((text) => `not compared: ${escaped(text)}`),
  ].join('\n\n');
}

function scenarioText(words: Words, scenario: ScenarioInfo): string[] {
  const cases = casesOf(words, scenario);
  if (cases.length === 0) return [];
  return [
    `## ${escaped(scenario.title)}`,
    `One operation: ${escaped(scenario.operation)}.`,
    ...cases.flatMap((one) => caseText(words, scenario, one)),
  ];
}

function caseText(words: Words, scenario: ScenarioInfo, one: Case): string[] {
  const merit = meritOf(scenario);
  const order = merit === undefined ? one.measurements : ranked(one, merit);
  const rest = one.measurements.filter((measurement) => !order.includes(measurement));
  const metrics = scenario.metrics.filter(({ name }) =>
    one.measurements.some((measurement) => spreadOfMetric(measurement, name) !== undefined),
  );
  const bases = merit === undefined ? [] : scenario.bases;
  const head = [
    'contender',
    ...bases.map((base) => `/ ${words.label(base)}`),
    ...metrics.map(({ label }) => label),
  ];
  const rows = [...order, ...rest].map((measurement) => [
    words.label(measurement.contender),
    ...bases.map((base) => (merit ? ratioText(one, measurement, base, merit) : ABSENT)),
    ...metrics.map((metric) => spreadText(measurement, metric)),
  ]);
  return [
    `### ${escaped(titleOf(scenario, one))}`,
    ...(isDisturbed([one]) ? [`**${disturbanceText([one])}**`] : []),
    rows.length === 0 ? 'No contender was measured.' : tableText([head, ...rows]),
    ...one.measurements.flatMap((measurement) =>
      retriesOf(measurement).map(
        (line) => `again: ${words.label(measurement.contender)}: ${escaped(line)}`,
      ),
    ),
    ...Object.entries(one.failures).map(
      ([name, reason]) => `failed: ${words.label(name)}: ${escaped(reason)}`,
    ),
  ];
}

function ratioText(one: Case, measurement: Measurement, base: string, { name }: Metric): string {
  const other = one.measurements.find(({ contender }) => contender === base);
  if (other === undefined || other === measurement) return ABSENT;
  const ratio = ratioOfMetric(measurement, other, name);
  if (ratio === undefined) return ABSENT;
  return `${ratio.isEqual ? '= ' : ''}${ratio.median.toFixed(2)}`;
}

function spreadText(measurement: Measurement, { name, unit }: Metric): string {
  const spread = spreadOfMetric(measurement, name);
  if (spread === undefined) return ABSENT;
  const { median, min, max } = spread;
  const between = min === max ? '' : ` (${figure(min, unit)}..${figure(max, unit)})`;
  return `${figure(median, unit)}${between}`;
}

/** The first column flush left, the others flush right. */
function tableText([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = `|${head.map((_, at) => (at === 0 ? ' --- |' : ' ---: |')).join('')}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Data cannot become markup, and a cell has no line of its own. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#~]/g, '\\$&').replaceAll(/\s+/g, ' ');
}
