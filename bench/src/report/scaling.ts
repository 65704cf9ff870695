// Cost against a setting, on a log axis: connections, watched descriptors, requests per second. The
// cost has a log axis as well where it spans more than half a decade, as that of select and poll does.
// A contender that was measured at less than half of the places has no line.

import { spreadOfMetric } from '../measurements.ts';
import type { Case, Metric, ScenarioInfo } from '../model.ts';
import { AXIS, type Drawn, draw } from './draw.ts';
import { axisFigure, figure, settingText, slug } from './figures.ts';
import { gridFor, heightFor, type Line, seriesOf } from './lines.ts';
import { casesOf, looksIn, type Words } from './words.ts';

const HALF_A_DECADE = Math.sqrt(10);

/** Cases that differ in nothing but the axis. */
export interface Sweep {
  readonly axis: string;
  readonly rest: Case['setting'];
  readonly cases: readonly Case[];
}

export function sweepsOf(words: Words, scenario: ScenarioInfo): readonly Sweep[] {
  const { axis } = scenario;
  if (axis === undefined) return [];
  const groups = new Map<string, { rest: Case['setting']; cases: Case[] }>();
  for (const one of casesOf(words, scenario)) {
    const { [axis]: at, ...rest } = one.setting;
    if (typeof at !== 'number' || at <= 0) continue; // has no place on a log axis
    const key = JSON.stringify(Object.entries(rest).sort());
    const group = groups.get(key) ?? { rest, cases: [] };
    group.cases.push(one);
    groups.set(key, group);
  }
  return [...groups.values()]
    .filter(({ cases }) => new Set(cases.map(({ setting }) => setting[axis])).size > 1)
    .map((group) => ({ axis, ...group }));
}

export function sweepTitle({ title }: ScenarioInfo, { axis, rest }: Sweep, metric: Metric): string {
  return [`${title}: ${metric.label} against ${axis}`, settingText(rest)]
    .filter((text) => text !== '')
    .join(', ');
}

/** Undefined: no contender has the metric. */
export function drawSweep(
  words: Words,
  scenario: ScenarioInfo,
  sweep: Sweep,
  metric: Metric,
): Drawn | undefined {
  const lines = linesOf(words, scenario, sweep, metric);
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y));
  if (values.length === 0) return undefined;
  const least = Math.min(...values);
  const most = Math.max(...values);
  const isLog = least > 0 && most / least > HALF_A_DECADE;
  const title = sweepTitle(scenario, sweep, metric);
  const text = (value: number) => figure(value, metric.unit);
  const alt = `Lines: ${title}. From ${text(least)} to ${text(most)}, ${lines.length} contenders.`;
  const name = slug(['scaling', scenario.name, ...Object.entries(sweep.rest).flat()].join('-'));
  const height = heightFor(lines);
  return draw(
    { name, alt, height, cases: sweep.cases, grid: gridFor(lines) },
    {
      xAxis: {
        ...AXIS,
        type: 'log',
        name: sweep.axis,
        nameLocation: 'middle',
        nameGap: 30,
        axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => axisFigure(value, '') },
      },
      yAxis: {
        ...AXIS,
        ...(isLog ? { type: 'log', ...logExtent(least, most) } : { type: 'value' }),
        name: metric.label,
        nameLocation: 'middle',
        nameGap: 66,
        axisLabel: {
          ...AXIS.axisLabel,
          formatter: (value: number) => axisFigure(value, metric.unit),
        },
      },
      series: seriesOf(lines, true),
    },
  );
}

/** Whole powers of ten leave much room empty where the data span less than two: there, of two. */
export function logExtent(least: number, most: number) {
  const logBase = most / least < 100 ? 2 : 10;
  const whole = (value: number, round: (exponent: number) => number) =>
    logBase ** round(Math.log(value) / Math.log(logBase));
  return { logBase, min: whole(least, Math.floor), max: whole(most, Math.ceil) };
}

function linesOf(words: Words, scenario: ScenarioInfo, sweep: Sweep, metric: Metric): Line[] {
  const look = looksIn(words, scenario);
  const points = new Map<string, [number, number][]>();
  for (const { setting, measurements } of sweep.cases) {
    for (const measurement of measurements) {
      const spread = spreadOfMetric(measurement, metric.name);
      if (spread === undefined) continue;
      const line = points.get(measurement.contender) ?? [];
      line.push([Number(setting[sweep.axis]), spread.median]);
      points.set(measurement.contender, line);
    }
  }
  const places = new Set(sweep.cases.map(({ setting }) => setting[sweep.axis])).size;
  const lines = [...points].filter(([, line]) => line.length >= places / 2);
  return lines.map(([name, line]) => ({
    label: words.label(name),
    look: look(name),
    points: line.sort(([a], [b]) => a - b),
  }));
}
