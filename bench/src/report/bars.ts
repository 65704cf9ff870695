// The figure of merit of one case as bars, the best on top, each with the spread of its rounds.
import type { CustomSeriesRenderItem, EChartsOption } from 'echarts';
import type { Spread } from '../../../src/cli/measure/index.ts';
import { spreadOfMetric } from '../measurements.ts';
import type { Case, Metric, ScenarioInfo } from '../model.ts';
import { AXIS, type Drawn, draw, FONT, WIDTH } from './draw.ts';
import { axisFigure, figure } from './figures.ts';
import { FAINT, INK } from './palette.ts';
import { idOf, looksIn, ranked, titleOf, type Words } from './words.ts';

const ROW = 30;
const CAP = 5;

interface Bar {
  readonly label: string;
  readonly spread: Spread;
  readonly colour: string;
  readonly family: string;
}

/** Undefined: no contender has the metric. */
export function drawBars(
  words: Words,
  scenario: ScenarioInfo,
  one: Case,
  metric: Metric,
): Drawn | undefined {
  const look = looksIn(words, scenario);
  const bars = ranked(one, metric).flatMap((measurement): Bar[] => {
    const spread = spreadOfMetric(measurement, metric.name);
    const { familyColour, familyLabel } = look(measurement.contender);
    const label = words.label(measurement.contender);
    return spread === undefined
      ? []
      : [{ label, spread, colour: familyColour, family: familyLabel }];
  });
  if (bars.length === 0) return undefined;
  const best = bars[0];
  const alt =
    `Bars: ${metric.label}, ${titleOf(scenario, one)}. ` +
    `Best: ${best?.label}, ${figure(best?.spread.median ?? 0, metric.unit)}. ` +
    `${bars.length} contenders; the table has all values.`;
  const longest = Math.max(...bars.map(({ label }) => label.length));
  const grid = { left: Math.min(20 + longest * 8, WIDTH / 3), right: 100, top: 12, bottom: 84 };
  const height = bars.length * ROW + 96;
  const drawing = { name: `bars-${idOf(one)}`, alt, height, cases: [one], grid };
  return draw(drawing, optionOf(bars, metric));
}

function optionOf(bars: readonly Bar[], metric: Metric): EChartsOption {
  const families = [...new Map(bars.map(({ family, colour }) => [family, colour]))];
  return {
    legend: { bottom: 4, itemHeight: 12, itemGap: 32, textStyle: FONT, selectedMode: false },
    xAxis: {
      ...AXIS,
      type: 'value',
      name: metric.label,
      nameLocation: 'middle',
      nameGap: 28,
      axisLabel: {
        ...AXIS.axisLabel,
        hideOverlap: true,
        formatter: (value: number) => axisFigure(value, metric.unit),
      },
    },
    yAxis: {
      ...AXIS,
      type: 'category',
      inverse: true,
      data: bars.map(({ label }) => label),
      axisTick: { show: false },
      axisLabel: { ...FONT, width: WIDTH / 3 - 24, overflow: 'truncate', interval: 0 },
    },
    series: [
      ...families.map(([family, colour]) => ({
        type: 'bar' as const,
        name: family,
        stack: 'one',
        barWidth: '62%',
        silent: true,
        itemStyle: { color: colour },
        data: bars.map((bar) => (bar.family === family ? bar.spread.median : '-')),
      })),
      {
        type: 'custom' as const,
        silent: true,
        z: 3,
        clip: false,
        data: bars.map(({ spread }, at) => [at, spread.min, spread.max, spread.median]),
        encode: { x: [1, 2], y: 0 },
        renderItem: whisker(metric),
      },
    ],
  };
}

/** From the least to the largest round, and the median as text behind it. */
function whisker(metric: Metric): CustomSeriesRenderItem {
  return (_, api) => {
    const row = Number(api.value(0));
    const [left = 0, y = 0] = api.coord([api.value(1), row]);
    const [right = 0] = api.coord([api.value(2), row]);
    const style = { stroke: INK[0], lineWidth: 1.5 };
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: 'line' as const,
      shape: { x1, y1, x2, y2 },
      style,
    });
    const text = figure(Number(api.value(3)), metric.unit);
    const fill = FAINT[0];
    return {
      type: 'group',
      children: [
        line(left, y, right, y),
        line(left, y - CAP, left, y + CAP),
        line(right, y - CAP, right, y + CAP),
        {
          type: 'text',
          style: { text, x: right + 8, y, verticalAlign: 'middle', ...FONT, fill },
        },
      ],
    };
  };
}
