// What is drawn, as values: layout.ts makes them, and draw.ts puts them on a canvas.

/** What a colour stands for; style.css has the colours. */
export type Ink =
  | 'read'
  | 'write'
  | 'handler'
  | 'call'
  | 'error'
  | 'undrained'
  | 'queue'
  | 'wait'
  | 'batch'
  | 'page'
  | 'line'
  | 'text'
  | 'muted'
  | 'cursor';

/** How a rectangle is filled. */
export type Fill = 'solid' | 'soft' | 'stripes' | 'frame';

/** A form of a mark. */
export type Form = 'triangle' | 'square' | 'dot' | 'ring' | 'cross' | 'diamond' | 'flag';

/** Something to draw, in pixels of the page. */
export type Shape =
  | {
      readonly type: 'rect';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly ink: Ink;
      readonly fill: Fill;
    }
  | {
      readonly type: 'mark';
      readonly x: number;
      readonly y: number;
      readonly form: Form;
      readonly ink: Ink;
    }
  | {
      readonly type: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly ink: Ink;
      readonly align: 'left' | 'center';
      /** Not wider than this. */
      readonly width: number;
    }
  | {
      /** A text on a ground of its own, from `x` on. */
      readonly type: 'label';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly ink: Ink;
    };
