// The lanes: names at the left, a canvas with the picture, numbers along its top; dragging, the wheel and
// clicks. The canvas is as high as what is seen of it, and is drawn anew when it scrolls.

import type { Lane } from '../src/view/model.ts';
import { sentenceAt } from '../src/view/sentences.ts';
import type { App, State } from './app.ts';
import { ticksOf } from './axis.ts';
import { button, element, part } from './dom.ts';
import { Drawing } from './draw.ts';
import { eventNear, layoutOf, type Scene } from './layout.ts';
import { fullNameOf, REACTOR_KEY, watchOf } from './names.ts';
import { heightOf, type Row, rowsBetween, rowsOf } from './rows.ts';
import { move, scaleOf, shortestOf, zoom } from './scale.ts';

const DRAG_MIN = 4;
const WHEEL_STEP = 0.0016;

/** The panel of the lanes. */
export class Lanes {
  readonly #app: App;
  readonly #scroller = part('lanes');
  readonly #stage = part('stage');
  readonly #names = part('names');
  readonly #ticks = part('ticks');
  readonly #space = part('space');
  readonly #canvas = part<HTMLCanvasElement>('canvas');
  readonly #hover = part('hover');
  readonly #drawing: Drawing;
  #rows: readonly Row[] = [];
  #scene: Scene | undefined;

  constructor(app: App) {
    this.#app = app;
    this.#drawing = new Drawing(this.#canvas);
    app.onChange((state, before) => this.#render(state, before));
    this.#scroller.addEventListener('scroll', () => app.refresh());
    new ResizeObserver(() => app.refresh()).observe(this.#scroller);
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    const print = window.matchMedia('print');
    for (const query of [scheme, print]) {
      query.addEventListener('change', () => {
        this.#drawing.refreshColours();
        app.render();
      });
    }
    this.#takeWheel();
    this.#takePointer();
  }

  /** Measures, so that the first view has the right width. */
  measure(): number {
    return this.#canvas.clientWidth;
  }

  /** Zooms around the selected event, when it is seen, or the middle. */
  zoomBy(factor: number): void {
    const x = this.#scene?.scale.xOf(this.#app.state.at) ?? -1;
    const isSeen = x >= 0 && x <= this.#app.width;
    this.#zoomAt(factor, isSeen ? x / this.#app.width : 0.5);
  }

  /** Moves the view by a share of what is seen. */
  moveBy(share: number): void {
    const { span } = this.#app.state;
    this.#app.update({ span: move(span, (span.to - span.from) * share, this.#app.whole) });
  }

  #zoomAt(factor: number, share: number): void {
    const { axis, span } = this.#app.state;
    const least = shortestOf(axis);
    this.#app.update({ span: zoom(span, factor, share, this.#app.whole, least) });
  }

  #render(state: State, before: State): void {
    const { stream, filtered } = this.#app;
    this.#rows = rowsOf(stream.lanes, state.pinned, (index) => this.#isShown(index));
    const total = heightOf(this.#rows);
    this.#space.style.height = `${total}px`;
    const height = Math.min(this.#scroller.clientHeight - this.#ticks.offsetHeight, total);
    this.#stage.style.height = `${height + this.#ticks.offsetHeight}px`;
    if (state.at !== before.at || state.stream !== before.stream) this.#scrollToSelected(height);
    const width = this.#canvas.clientWidth;
    this.#app.width = width;
    const scale = scaleOf(state.axis, state.span, this.#app.timeline, width);
    const { scrollTop: top } = this.#scroller;
    const { columns } = stream;
    const { trace } = this.#app.model;
    const { matches } = filtered;
    const { at } = state;
    this.#scene = {
      model: stream,
      trace,
      columns,
      scale,
      matches,
      rows: this.#rows,
      top,
      height,
      at,
    };
    this.#drawing.show(layoutOf(this.#scene), width, height);
    this.#showNames(top, height);
    this.#ticks.replaceChildren(
      ...ticksOf(scale).map(({ x, text }) => {
        const tick = element('span', {}, text);
        tick.style.left = `${x}px`;
        return tick;
      }),
    );
    part('empty').hidden = this.#rows.length > 0;
  }

  // With a filter: those that have an event that passes.
  #isShown(index: number): boolean {
    const { matches } = this.#app.filtered;
    if (matches === undefined) return true;
    return this.#app.stream.lanes[index]?.events.some((at) => matches[at] === 1) ?? false;
  }

  #scrollToSelected(height: number): void {
    const lane = this.#app.stream.laneAt(this.#app.state.at);
    const row = this.#rows.find((one) => one.type === 'lane' && one.index === lane);
    if (row === undefined) return;
    const { scrollTop } = this.#scroller;
    if (row.y >= scrollTop && row.y + row.height <= scrollTop + height) return;
    this.#scroller.scrollTop = row.y - Math.max(0, (height - row.height) / 2);
  }

  #showNames(top: number, height: number): void {
    const { at, pinned } = this.#app.state;
    const focused = document.activeElement?.getAttribute('data-lane');
    const names = rowsBetween(this.#rows, top, top + height).map((row) => {
      const made =
        row.type === 'title'
          ? element('div', { class: 'group' }, row.text)
          : this.#nameOf(row.lane, row.index, at, pinned.includes(row.lane.key));
      made.style.top = `${row.y - top}px`;
      made.style.height = `${row.height}px`;
      return made;
    });
    this.#names.replaceChildren(...names);
    if (focused !== null && focused !== undefined) {
      this.#names.querySelector<HTMLElement>(`[data-lane="${focused}"]`)?.focus();
    }
  }

  #nameOf(lane: Lane, index: number, at: number, isPinned: boolean): HTMLElement {
    const isSelected = this.#app.stream.laneAt(at) === index;
    const attributes = {
      class: `lane${isSelected ? ' selected' : ''}`,
      'data-lane': lane.key,
      'aria-pressed': String(isPinned),
      title: `${fullNameOf(lane)}: click to pin it to the top`,
    };
    const lost = lane.hatches.length > 0 ? [element('span', { class: 'lost' }, 'lost edge')] : [];
    const second = lane.key === REACTOR_KEY ? 'waits and batches' : watchOf(lane, at);
    return button(
      attributes,
      () => this.#pin(lane.key),
      element(
        'span',
        { class: 'name' },
        element('b', {}, this.#app.nameOf(lane)),
        element('span', { class: 'label' }, lane.label),
      ),
      element('span', { class: 'watch' }, second),
      ...lost,
    );
  }

  #pin(key: string): void {
    const { pinned } = this.#app.state;
    const isPinned = pinned.includes(key);
    this.#app.update({
      pinned: isPinned ? pinned.filter((one) => one !== key) : [...pinned, key],
    });
  }

  /** Pins a lane, or frees it: the first one that is seen is 1. */
  pinSeen(number: number): void {
    const { top = 0, height = 0 } = this.#scene ?? {};
    const lanes = rowsBetween(this.#rows, top, top + height).filter((row) => row.type === 'lane');
    const row = lanes[number - 1];
    if (row !== undefined) this.#pin(row.lane.key);
  }

  #takeWheel(): void {
    this.#scroller.addEventListener(
      'wheel',
      (event) => {
        const isZoom = event.ctrlKey || event.metaKey || event.altKey;
        const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
        const isScrolled = this.#scroller.scrollHeight > this.#scroller.clientHeight + 1;
        if (isSideways && !isZoom) {
          this.moveBy((event.deltaX || event.deltaY) / this.#app.width);
        } else if (isZoom || !isScrolled) {
          const { left } = this.#canvas.getBoundingClientRect();
          const share = (event.clientX - left) / this.#app.width;
          this.#zoomAt(Math.exp(event.deltaY * WHEEL_STEP), Math.min(Math.max(share, 0), 1));
        } else {
          return;
        }
        event.preventDefault();
      },
      { passive: false },
    );
  }

  #takePointer(): void {
    let from: { x: number; isDrag: boolean } | undefined;
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', ({ clientX, pointerId, button: which }) => {
      if (which !== 0) return;
      from = { x: clientX, isDrag: false };
      canvas.setPointerCapture(pointerId);
    });
    canvas.addEventListener('pointermove', ({ clientX, offsetX, offsetY }) => {
      if (from === undefined) {
        this.#showHover(offsetX, offsetY);
        return;
      }
      const by = clientX - from.x;
      if (!from.isDrag && Math.abs(by) < DRAG_MIN) return;
      this.#hover.hidden = true;
      from = { x: clientX, isDrag: true };
      this.moveBy(-by / this.#app.width);
    });
    canvas.addEventListener('pointerup', ({ offsetX, offsetY }) => {
      if (from?.isDrag === false && this.#scene !== undefined) {
        const at = eventNear(this.#scene, offsetX, offsetY);
        if (at !== undefined) this.#app.select(at);
      }
      from = undefined;
    });
    for (const name of ['pointercancel', 'pointerleave'] as const) {
      canvas.addEventListener(name, () => {
        from = undefined;
        this.#hover.hidden = true;
      });
    }
  }

  #showHover(x: number, y: number): void {
    const at = this.#scene === undefined ? undefined : eventNear(this.#scene, x, y);
    this.#hover.hidden = at === undefined;
    if (at === undefined || this.#scene === undefined) return;
    this.#hover.textContent = sentenceAt(this.#app.model, this.#app.stream, at);
    const isRight = x > this.#app.width / 2;
    const offset = this.#canvas.offsetLeft;
    this.#hover.style.left = isRight ? 'auto' : `${offset + x + 14}px`;
    this.#hover.style.right = isRight ? `${this.#app.width - x + 14}px` : 'auto';
    this.#hover.style.top = `${y + this.#ticks.offsetHeight + 14}px`;
  }
}
