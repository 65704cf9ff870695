// Latency by percentile, as HDR plots have it: the axis gives 99 % as much room after 90 % as 90 %
// has after none, so that the tail can be seen. Rounds are added up into one histogram.
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Case, Measurement, ScenarioInfo } from '../model.ts';
import { ResultsError } from '../results.ts';
import { AXIS, type Drawn, draw } from './draw.ts';
import { axisFigure } from './figures.ts';
import { gridFor, heightFor, type Line, seriesOf } from './lines.ts';
import { curvesOf, idOf, looksIn, titleOf, type Words } from './words.ts';

const STEP = 0.05;
/** 99.9999 %: six times the way to 90 %. */
const NINES_MAX = 6;

/** Undefined: no latency was measured. @throws ResultsError - a histogram cannot be read. */
export function drawLatency(words: Words, scenario: ScenarioInfo, one: Case): Drawn | undefined {
  const look = looksIn(words, scenario);
  const lines = curvesOf(words, one).flatMap((measurement): Line[] => {
    const histogram = histogramOf(measurement, one);
    if (histogram === undefined) return [];
    const { contender } = measurement;
    const points = curveOf(histogram);
    return [{ label: words.label(contender), look: look(contender), points }];
  });
  if (lines.length === 0) return undefined;
  const alt = `Lines: latency by percentile, of all rounds together, ${titleOf(scenario, one)}. ${lines.length} contenders.`;
  const drawing = {
    name: `latency-${idOf(one)}`,
    alt,
    height: heightFor(lines),
    cases: [one],
    grid: gridFor(lines),
  };
  return draw(drawing, {
    xAxis: {
      ...AXIS,
      type: 'value',
      min: 0,
      max: Math.max(1, ...lines.map(({ points }) => Math.ceil(points.at(-1)?.[0] ?? 0))),
      interval: 1,
      name: 'percentile of all rounds together',
      nameLocation: 'middle',
      nameGap: 30,
      axisLabel: { ...AXIS.axisLabel, formatter: percentText },
    },
    yAxis: {
      ...AXIS,
      type: 'log',
      name: 'latency',
      nameLocation: 'middle',
      nameGap: 62,
      min: ({ min }: { min: number }) => 10 ** Math.floor(Math.log10(min)),
      max: ({ max }: { max: number }) => max * 1.3,
      axisLabel: {
        ...AXIS.axisLabel,
        showMaxLabel: false,
        formatter: (value: number) => axisFigure(value, 'ns'),
      },
    },
    series: seriesOf(lines, false),
  });
}

/** `99.9 %`: as many nines as the place on the axis says. */
function percentText(nines: number): string {
  return `${nines < 1 ? 0 : Number((100 - 100 / 10 ** nines).toFixed(Math.max(0, nines - 2)))} %`;
}

function histogramOf({ rounds, contender }: Measurement, one: Case): Histogram | undefined {
  let sum: Histogram | undefined;
  for (const [at, { latency }] of rounds.entries()) {
    if (latency === undefined) continue;
    try {
      // Not packed: a curve walks through it for each of its points.
      const histogram = decodeFromCompressedBase64(latency, 64);
      histogram.autoResize = true; // another round may have greater values
      if (sum === undefined) sum = histogram;
      else sum.add(histogram);
    } catch (error) {
      const place = `${idOf(one)}, ${contender}, round ${at + 1}`;
      throw new ResultsError(`${place}: the latency is no HdrHistogram`, { cause: error });
    }
  }
  return sum === undefined || sum.totalCount === 0 ? undefined : sum;
}

/** From the least to the last percentile that one sample can still represent. */
function curveOf(histogram: Histogram): [number, number][] {
  const end = Math.min(NINES_MAX, Math.log10(Math.max(10, histogram.totalCount)));
  const steps = Math.ceil(end / STEP);
  return Array.from({ length: steps + 1 }, (_, step) => {
    const nines = Math.min(end, step * STEP);
    return [nines, Math.max(1, histogram.getValueAtPercentile(100 - 100 / 10 ** nines))];
  });
}
