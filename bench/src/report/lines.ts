// Lines with their names at their ends: no legend to look up, and colours need not carry it alone.
import type { GridComponentOption, LineSeriesOption } from 'echarts';
import { FONT } from './draw.ts';
import { type Look, PAPER } from './palette.ts';

export interface Line {
  readonly label: string;
  readonly look: Look;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const GLYPH = 7.6;
const ROW = 17;

/** The height that leaves every line room for its name. */
export function heightFor(lines: readonly Line[]): number {
  return Math.max(380, lines.length * ROW + 120);
}

export function gridFor(lines: readonly Line[]): GridComponentOption {
  const longest = Math.max(...lines.map(({ label }) => label.length));
  return { left: 84, right: Math.min(40 + longest * GLYPH, 300), top: 20, bottom: 60 };
}

export function seriesOf(lines: readonly Line[], hasMarks: boolean): LineSeriesOption[] {
  return lines.map(({ label, look, points }) => ({
    type: 'line',
    name: label,
    data: points.map(([x, y]) => [x, y]),
    silent: true,
    showSymbol: hasMarks,
    symbol: hasMarks ? look.mark : 'none',
    symbolSize: 8,
    itemStyle: { color: look.colour },
    lineStyle: { color: look.colour, width: look.width, type: look.dash },
    endLabel: {
      show: true,
      formatter: '{a}',
      ...FONT,
      color: look.colour,
      fontWeight: look.family === 'edgewise' ? 'bold' : 'normal',
      textBorderColor: PAPER[0],
      textBorderWidth: 0,
      distance: 8,
    },
    labelLayout: { moveOverlap: 'shiftY' },
    z: look.family === 'edgewise' ? 4 : 3,
  }));
}
