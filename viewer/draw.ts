// Puts shapes on a canvas, in the colours of the style sheet and the pixels of the screen.
import type { Fill, Form, Ink, Shape } from './shapes.ts';

/** Colours by what they stand for. */
type Palette = Readonly<Record<Ink, string>>;

const INKS: readonly Ink[] = [
  'read',
  'write',
  'handler',
  'call',
  'error',
  'undrained',
  'queue',
  'wait',
  'batch',
  'page',
  'line',
  'text',
  'muted',
  'cursor',
];
const STRIPE = 6;
const SIZE = 4.5;
/** Stripes of less are a blot. */
const STRIPED_FROM = 12;
const ALPHAS: Readonly<Record<Fill, number>> = { solid: 1, soft: 0.4, stripes: 0.1, frame: 0.1 };
const LABEL_HEIGHT = 18;
const LABEL_PADDING = 5;

/** The colours that hold now: those of the scheme, or of print. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const colours = INKS.map((ink) => [ink, style.getPropertyValue(`--${ink}`).trim()] as const);
  return Object.fromEntries(colours) as unknown as Palette;
}

/** A canvas that shows shapes. */
export class Drawing {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #palette: Palette;
  #font = '';
  readonly #stripes = new Map<string, CanvasPattern>();

  /** @param canvas - its place on the page is its size. */
  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('this browser draws on no canvas');
    this.#context = context;
    this.#palette = paletteOf(canvas);
  }

  /** Takes the colours that hold now. */
  refreshColours(): void {
    this.#palette = paletteOf(this.#canvas);
    this.#stripes.clear();
  }

  /** Shows shapes, and nothing else. */
  show(shapes: readonly Shape[], width: number, height: number): void {
    const ratio = window.devicePixelRatio;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#font = `11px ${getComputedStyle(this.#canvas).fontFamily}`;
    const context = this.#context;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = this.#font;
    context.lineWidth = 1.5;
    for (const shape of shapes) this.#draw(shape);
  }

  #draw(shape: Shape): void {
    if (shape.type === 'rect') this.#rect(shape);
    else if (shape.type === 'mark') this.#mark(shape.x, shape.y, shape.form, shape.ink);
    else if (shape.type === 'text') this.#text(shape);
    else this.#label(shape);
  }

  #rect({ x, y, width, height, ink, fill: wanted }: Extract<Shape, { type: 'rect' }>): void {
    const context = this.#context;
    const colour = this.#palette[ink];
    const fill = wanted === 'stripes' && width < STRIPED_FROM ? 'soft' : wanted;
    context.globalAlpha = ALPHAS[fill];
    context.fillStyle = colour;
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
    if (fill === 'stripes') {
      context.fillStyle = this.#stripesOf(colour);
      context.fillRect(x, y, width, height);
    }
    if (fill === 'frame' || fill === 'stripes') {
      context.strokeStyle = colour;
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, Math.max(width - 1, 0), height - 1);
      context.lineWidth = 1.5;
    }
  }

  #stripesOf(colour: string): CanvasPattern | string {
    const made = this.#stripes.get(colour);
    if (made !== undefined) return made;
    const tile = document.createElement('canvas');
    tile.width = STRIPE;
    tile.height = STRIPE;
    const context = tile.getContext('2d');
    if (context === null) return colour;
    context.strokeStyle = colour;
    context.lineWidth = 1.1;
    for (const shift of [-STRIPE, 0, STRIPE]) {
      context.beginPath();
      context.moveTo(shift - 1, STRIPE + 1);
      context.lineTo(shift + STRIPE + 1, -1);
      context.stroke();
    }
    const pattern = this.#context.createPattern(tile, 'repeat');
    if (pattern === null) return colour;
    this.#stripes.set(colour, pattern);
    return pattern;
  }

  #mark(x: number, y: number, form: Form, ink: Ink): void {
    const context = this.#context;
    context.beginPath();
    PATHS[form](context, x, y);
    context.fillStyle = this.#palette[ink];
    context.strokeStyle = this.#palette[ink];
    if (form === 'ring' || form === 'cross') context.stroke();
    else context.fill();
  }

  #label({ x, y, text, ink }: Extract<Shape, { type: 'label' }>): void {
    const context = this.#context;
    context.font = `600 ${this.#font}`;
    const { width } = context.measureText(text);
    context.fillStyle = this.#palette.page;
    context.fillRect(x, y - LABEL_HEIGHT / 2, width + 2 * LABEL_PADDING, LABEL_HEIGHT);
    context.fillStyle = this.#palette[ink];
    context.textAlign = 'left';
    context.fillText(text, x + LABEL_PADDING, y + 4);
    context.font = this.#font;
  }

  #text({ x, y, text, ink, align, width }: Extract<Shape, { type: 'text' }>): void {
    const context = this.#context;
    context.fillStyle = this.#palette[ink];
    context.textAlign = align;
    const measured = context.measureText(text).width;
    if (measured <= width) context.fillText(text, x, y);
    else context.fillText(shortened(text, width / measured), x, y);
  }
}

function shortened(text: string, share: number): string {
  const length = Math.floor(text.length * share) - 1;
  return length < 1 ? '' : `${text.slice(0, length)}…`;
}

type Path = (context: CanvasRenderingContext2D, x: number, y: number) => void;

function polygon(...points: readonly (readonly [number, number])[]): Path {
  return (context, x, y) => {
    for (const [dx, dy] of points) context.lineTo(x + dx * SIZE, y + dy * SIZE);
    context.closePath();
  };
}

const PATHS: Readonly<Record<Form, Path>> = {
  triangle: polygon([0, -1.2], [1.1, 0.9], [-1.1, 0.9]),
  square: polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]),
  diamond: polygon([0, -0.9], [0.9, 0], [0, 0.9], [-0.9, 0]),
  flag: polygon([-0.1, -2], [1.6, -1.4], [0.2, -0.7], [0.2, 1.4], [-0.1, 1.4]),
  dot: (context, x, y) => context.arc(x, y, SIZE, 0, 2 * Math.PI),
  ring: (context, x, y) => context.arc(x, y, SIZE - 0.7, 0, 2 * Math.PI),
  cross: (context, x, y) => {
    for (const sign of [1, -1]) {
      context.moveTo(x - SIZE, y - SIZE * sign);
      context.lineTo(x + SIZE, y + SIZE * sign);
    }
  },
};
