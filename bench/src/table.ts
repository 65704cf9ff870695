// The tables that a run ends with: one per case, a row per contender, the figure of merit with its
// spread and its ratios to the bases first.
import { formatTable, type Spread } from '../../src/cli/measure/index.ts';
import { EFFECT_MIN } from './compare/verdict.ts';
import { BANNER, disturbanceText, isDisturbed, isRunDisturbed, loadLines } from './disturbance.ts';
import { ratioOfMetric, retriesOf, spreadOfMetric } from './measurements.ts';
import type { Case, Measurement, Metric, Results, ScenarioInfo } from './model.ts';

const ABSENT = '-';
const EQUAL =
  `= is no difference: the ratio's interval of 95 % (of fewer than 6 rounds: lowest to highest) ` +
  `has 1.00 in it, or it is less than ${EFFECT_MIN * 100} % off.`;
const FOOTER = 'A figure is the median of its rounds, a percentile of latencies as well.';
const HEAD_COLUMNS = 12;
const LARGE = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** All cases as text. */
export function formatTables(results: Results): string {
  const tables = results.cases.map((one) => formatCase(one, results)).join('\n\n');
  if (tables === '') return '';
  const banner = isRunDisturbed(results) ? [`DISTURBED. ${BANNER}`, ''] : [];
  return [
    ...banner,
    `${tables}\n`,
    'The machine',
    ...loadLines(results).map((line) => `  ${line}`),
    EQUAL,
    FOOTER,
  ].join('\n');
}

/** `tcp-echo: TCP echo (connections 64, size 64)`. */
export function titleOf(scenario: ScenarioInfo, { setting }: Case): string {
  const words = Object.entries(setting).map(([name, value]) => `${name} ${value}`);
  return `${scenario.name}: ${scenario.title}${words.length > 0 ? ` (${words.join(', ')})` : ''}`;
}

function formatCase(one: Case, results: Results): string {
  const scenario = results.scenarios.find(({ name }) => name === one.scenario);
  if (scenario === undefined) return '';
  const merit = scenario.metrics.find(({ name }) => name === scenario.merit);
  const bases = basesOf(scenario, one);
  const others = scenario.metrics.filter((metric) => metric !== merit && isMeasured(metric, one));
  const labelOf = (contender: string) =>
    results.contenders.find(({ name }) => name === contender)?.label ?? contender;
  const parts = [titleOf(scenario, one)];
  if (merit !== undefined && one.measurements.length > 0) {
    const head = [
      '',
      headOf(merit),
      ...bases.map(({ contender }) => wrapped(`× ${labelOf(contender)}`)),
      ...others.map(headOf),
    ];
    const rows = one.measurements.map((measurement) => [
      labelOf(measurement.contender),
      ...cellsOf(measurement, merit, bases, others),
    ]);
    parts.push(formatTable([head, ...rows]));
  }
  for (const measurement of one.measurements) {
    const label = labelOf(measurement.contender);
    parts.push(...retriesOf(measurement).map((line) => `again: ${label}: ${line}`));
  }
  if (isDisturbed([one])) parts.push(disturbanceText([one]));
  const rings = one.measurements.filter(({ ioUrings }) => ioUrings);
  if (rings.length > 0) {
    const words = rings.map(({ contender, ioUrings }) => `${labelOf(contender)} ${ioUrings}`);
    parts.push(`io_urings held: ${words.join(', ')}`);
  }
  const failures = Object.entries(one.failures);
  parts.push(...failures.map(([name, line]) => `failed: ${labelOf(name)}: ${line}`));
  return parts.join('\n');
}

function basesOf({ bases }: ScenarioInfo, { measurements }: Case): Measurement[] {
  return bases.flatMap((name) => measurements.find(({ contender }) => contender === name) ?? []);
}

function isMeasured({ name }: Metric, { measurements }: Case): boolean {
  return measurements.some((measurement) => spreadOfMetric(measurement, name) !== undefined);
}

function headOf({ label, unit }: Metric): string {
  return wrapped(unit === '' ? label : `${label}, ${unit}`);
}

/** Heads are longer than what is below them: tables must fit on a screen. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < HEAD_COLUMNS) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines.join('\n');
}

function cellsOf(
  measurement: Measurement,
  merit: Metric,
  bases: readonly Measurement[],
  others: readonly Metric[],
): string[] {
  const spread = spreadOfMetric(measurement, merit.name);
  return [
    spread === undefined ? ABSENT : formatSpread(spread),
    ...bases.map((base) => ratioCell(measurement, base, merit)),
    ...others.map(({ name, isSpreadShown }) => {
      const other = spreadOfMetric(measurement, name);
      if (other === undefined) return ABSENT;
      return isSpreadShown ? formatSpread(other) : formatNumber(other.median);
    }),
  ];
}

function ratioCell(measurement: Measurement, base: Measurement, { name }: Metric): string {
  if (measurement === base) return ABSENT;
  const ratio = ratioOfMetric(measurement, base, name);
  if (ratio === undefined) return ABSENT;
  const mark = ratio.isEqual ? '= ' : '';
  return `${mark}${ratio.median.toFixed(2)}`;
}

function formatSpread({ median, min, max }: Spread): string {
  if (min === max) return formatNumber(median);
  return `${formatNumber(median)} (${formatNumber(min)}..${formatNumber(max)})`;
}

/** Three digits that count, `K`, `M` and `B` for 10^3, 10^6 and 10^9 of large ones. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 100_000) return LARGE.format(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en');
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}
