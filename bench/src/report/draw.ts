// A plot as text: ECharts draws SVG on the server, and what changes from one drawing to the next
// (ids that count up, classes for a pointer that is not there) is taken out.
import { type EChartsOption, type GridComponentOption, init } from 'echarts';
import { disturbanceText, isDisturbed } from '../disturbance.ts';
import type { Case } from '../model.ts';
import { escapeText } from './markup.ts';
import { adaptive, definitions, FAINT, INK, LINE } from './palette.ts';

/** A drawing, and the name that its ids begin with. */
export interface Drawn {
  readonly name: string;
  readonly svg: string;
}

export const WIDTH = 880;
export const FONT = { color: INK[0], fontFamily: 'system-ui, sans-serif', fontSize: 13 };

const NOTE = { ...FONT, color: FAINT[0], fontWeight: 'normal' as const };

/** How axes look. */
export const AXIS = {
  axisLabel: { ...FONT, color: FAINT[0] },
  nameTextStyle: { ...FONT, color: FAINT[0] },
  axisLine: { lineStyle: { color: LINE[0] } },
  axisTick: { lineStyle: { color: LINE[0] } },
  splitLine: { lineStyle: { color: LINE[0] } },
  minorSplitLine: { show: false },
};

export interface Drawing {
  /** Unique in a document; it begins every id of the drawing. */
  readonly name: string;
  /** For a reader that cannot see it. */
  readonly alt: string;
  readonly height: number;
  /** What is drawn; when one of them was disturbed, the drawing says so above. */
  readonly cases: readonly Case[];
  readonly grid: GridComponentOption;
}

const NOTE_HEIGHT = 24;

export function draw({ name, alt, height, cases, grid }: Drawing, option: EChartsOption): Drawn {
  const note = isDisturbed(cases) ? disturbanceText(cases) : undefined;
  const above = note === undefined ? 0 : NOTE_HEIGHT;
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: height + above,
  });
  try {
    chart.setOption({
      animation: false,
      textStyle: FONT,
      grid: { ...grid, top: Number(grid.top) + above },
      ...(note !== undefined && { title: { text: note, left: 8, top: 0, textStyle: NOTE } }),
      ...option,
    });
    const text = note === undefined ? alt : `${alt} The machine was ${note}.`;
    return { name, svg: adaptive(tidy(chart.renderToSVGString(), name, text)) };
  } finally {
    chart.dispose();
  }
}

function tidy(svg: string, name: string, alt: string): string {
  return svg
    .replace(/<style\s*>[\s\S]*?<\/style>\s*/g, '')
    .replace(/ (class|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/zr\d+-/g, `${name}-`)
    .replace('<svg ', `<svg role="img" aria-label="${escapeText(alt)}" `);
}

/** A drawing as a file of its own, which brings the colours that a report has in its style sheet. */
export function standalone(svg: string): string {
  return svg.replace(/^<svg [^>]*>/, (tag) => `${tag}<style>${definitions()}</style>`);
}
