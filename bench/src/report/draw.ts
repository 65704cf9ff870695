// A plot as text: ECharts draws SVG on the server, and what changes from one drawing to the next
// (ids that count up, classes for a pointer that is not there) is taken out.
import { type EChartsOption, init } from 'echarts';
import { escapeText } from './markup.ts';
import { adaptive, definitions, FAINT, INK, LINE } from './palette.ts';

/** A drawing, and the name that its ids begin with. */
export interface Drawn {
  readonly name: string;
  readonly svg: string;
}

export const WIDTH = 880;
export const FONT = { color: INK[0], fontFamily: 'system-ui, sans-serif', fontSize: 13 };

/** How axes look. */
export const AXIS = {
  axisLabel: { ...FONT, color: FAINT[0] },
  nameTextStyle: { ...FONT, color: FAINT[0] },
  axisLine: { lineStyle: { color: LINE[0] } },
  axisTick: { lineStyle: { color: LINE[0] } },
  splitLine: { lineStyle: { color: LINE[0] } },
  minorSplitLine: { show: false },
};

/**
 * @param name - unique in a document; it begins every id of the drawing.
 * @param alt - for a reader that cannot see it.
 */
export function draw(name: string, alt: string, height: number, option: EChartsOption): Drawn {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    chart.setOption({ animation: false, textStyle: FONT, ...option });
    return { name, svg: adaptive(tidy(chart.renderToSVGString(), name, alt)) };
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
