// What the marks of the lanes mean: each drawn as the lanes draw it, with a word beside it.
import { element, part } from './dom.ts';
import { Drawing } from './draw.ts';
import type { Fill, Form, Ink, Shape } from './shapes.ts';

const WIDTH = 30;
const HEIGHT = 18;
const [MIDDLE_X, MIDDLE_Y] = [WIDTH / 2, HEIGHT / 2];

const rect = (ink: Ink, fill: Fill, height: number, y = (HEIGHT - height) / 2): Shape[] => [
  { type: 'rect', x: 1, y, width: WIDTH - 2, height, ink, fill },
];
const mark = (form: Form, ink: Ink): Shape[] => [
  { type: 'mark', x: MIDDLE_X, y: MIDDLE_Y, form, ink },
];
const bar = (y: number): Shape[] => [
  { type: 'rect', x: 1, y: MIDDLE_Y, width: WIDTH - 2, height: 1, ink: 'line', fill: 'solid' },
  { type: 'rect', x: MIDDLE_X - 3, y, width: 6, height: 9, ink: 'call', fill: 'solid' },
];

interface Entry {
  readonly shapes: readonly Shape[];
  readonly text: string;
}

const ENTRIES: readonly Entry[] = [
  {
    shapes: rect('undrained', 'stripes', 16),
    text: 'lost edge: not read to its end, and not reported again',
  },
  { shapes: mark('triangle', 'text'), text: 'report, edge' },
  { shapes: mark('square', 'text'), text: 'report, level' },
  { shapes: mark('dot', 'text'), text: 'report, oneshot' },
  { shapes: mark('cross', 'error'), text: 'stale, ghost; below: an error' },
  { shapes: rect('read', 'soft', 8), text: 'readable, seen' },
  { shapes: rect('read', 'stripes', 8), text: 'readable, as reported' },
  { shapes: rect('write', 'soft', 8), text: 'writable' },
  { shapes: rect('read', 'solid', 2), text: 'interest' },
  { shapes: rect('handler', 'frame', 14), text: 'handler runs' },
  { shapes: bar(0), text: 'bytes received' },
  { shapes: bar(MIDDLE_Y), text: 'bytes sent' },
  { shapes: mark('ring', 'call'), text: 'would-block' },
  { shapes: mark('diamond', 'muted'), text: 'other call, re-queue, timers' },
  { shapes: rect('queue', 'soft', 12, 6), text: 'bytes wait to be written' },
  { shapes: rect('wait', 'soft', 14), text: 'the reactor waits' },
];

/** Shows the legend, in the colours that hold. */
export function showLegend(): void {
  const drawings = ENTRIES.map(({ shapes, text }) => {
    const canvas = element('canvas', { 'aria-hidden': 'true' });
    part('legend').append(element('li', {}, canvas, text));
    return { drawing: new Drawing(canvas), shapes };
  });
  const draw = () => {
    for (const { drawing, shapes } of drawings) {
      drawing.refreshColours();
      drawing.show(shapes, WIDTH, HEIGHT);
    }
  };
  draw();
  for (const query of ['(prefers-color-scheme: dark)', 'print']) {
    window.matchMedia(query).addEventListener('change', draw);
  }
}
