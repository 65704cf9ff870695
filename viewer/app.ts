// What the page shows, and the one way to change it: `update`. The parts of the page are called with the new
// state before the next frame, and each looks for what it shows.
import type { Lane, StreamModel, TraceFinding, TraceModel } from '../src/view/model.ts';
import { nameOf, reusedIn } from './names.ts';
import { graveFirst } from './order.ts';
import { type Axis, around, placeOf, reveal, type Span, wholeOf } from './scale.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/** The panels below the lanes. */
export type Panel = 'events' | 'batch' | 'findings' | 'totals';

/** What is shown. Places are numbers of events. */
export interface State {
  /** The reactor, by its place in the trace. */
  readonly stream: number;
  /** The event that is selected. */
  readonly at: number;
  readonly axis: Axis;
  /** The part of the axis that is seen. */
  readonly span: Span;
  readonly filter: string;
  /** Keys of lanes. */
  readonly pinned: readonly string[];
  readonly panel: Panel;
}

/** Shows a part of the page: called with what is shown now, and what was before. */
type Listener = (state: State, before: State) => void;

/** Which events pass a filter; what is wrong with it. */
export interface Filtered {
  /** 1 for each event that passes; undefined: all do. */
  readonly matches: Uint8Array | undefined;
  readonly count: number;
  readonly error: string | undefined;
}

/** What decides which events pass. */
export type FilterFunction = (text: string, model: TraceModel, stream: StreamModel) => Filtered;

/** How wide the lanes are taken to be before they were measured. */
const USUAL_WIDTH = 900;

/** The state of the page, and what follows from it. */
export class App {
  readonly model: TraceModel;
  /** Pixels of the lanes; lanes.ts measures them. */
  width = USUAL_WIDTH;
  #state: State;
  #before: State;
  #filtered: Filtered;
  readonly #filterFunction: FilterFunction;
  readonly #timelines = new Map<number, Timeline>();
  readonly #reused = new Map<number, ReadonlySet<number>>();
  readonly #listeners: Listener[] = [];
  #isScheduled = false;

  constructor(model: TraceModel, filterFunction: FilterFunction) {
    this.model = model;
    this.#filterFunction = filterFunction;
    this.#state = this.#opened(0);
    this.#before = this.#state;
    this.#filtered = filterFunction('', model, this.stream);
  }

  /** What is shown. */
  get state(): State {
    return this.#state;
  }

  /** The reactor that is shown. */
  get stream(): StreamModel {
    return this.model.streams[this.#state.stream] as StreamModel;
  }

  /** Its times. */
  get timeline(): Timeline {
    return this.#timelineOf(this.#state.stream);
  }

  /** The short name of a lane of it. */
  nameOf(lane: Lane): string {
    return nameOf(
      lane,
      memo(this.#reused, this.#state.stream, () => reusedIn(this.stream.lanes)),
    );
  }

  /** Which of its events pass the filter. */
  get filtered(): Filtered {
    return this.#filtered;
  }

  /** The whole axis. */
  get whole(): Span {
    return wholeOf(this.#state.axis, this.timeline);
  }

  /** Calls a part of the page when something has changed. */
  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Changes what is shown. */
  update(change: Partial<State>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    const isOther = this.#state.stream !== before.stream;
    if (isOther || this.#state.filter !== before.filter) {
      this.#filtered = this.#filterFunction(this.#state.filter, this.model, this.stream);
    }
    this.#schedule();
  }

  /** Selects an event, and moves the view when it is not in it. */
  select(at: number): void {
    const { axis, span } = this.#state;
    const last = this.stream.count - 1;
    const chosen = Math.max(0, Math.min(at, last));
    const place = placeOf(axis, this.timeline, chosen);
    this.update({ at: chosen, span: reveal(span, place, this.whole) });
  }

  /** Shows a finding: its first event, with what is around it. */
  visit({ from }: TraceFinding): void {
    const { axis } = this.#state;
    this.update({ at: from, span: around(axis, this.timeline, from, this.width) });
  }

  /** Shows another reactor of the trace. */
  open(stream: number): void {
    this.update(this.#opened(stream));
  }

  /** Counts events, or time, along the axis; the same event stays in the middle. */
  setAxis(axis: Axis): void {
    const { at } = this.#state;
    this.update({ axis, span: around(axis, this.timeline, at, this.width) });
  }

  /** Draws everything again, such as in other colours. */
  refresh(): void {
    this.#schedule();
  }

  #opened(index: number): State {
    const stream = this.model.streams[index] as StreamModel;
    const timeline = this.#timelineOf(index);
    const [finding] = graveFirst(stream.findings);
    const at = finding?.from ?? 0;
    const axis = 'events';
    const whole = wholeOf(axis, timeline);
    const span = finding === undefined ? whole : around(axis, timeline, at, this.width);
    return { stream: index, at, axis, span, filter: '', pinned: [], panel: 'events' };
  }

  #timelineOf(index: number): Timeline {
    const { columns } = this.model.streams[index] as StreamModel;
    return memo(this.#timelines, index, () => timelineOf(columns));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.render();
    });
  }

  /** Draws now. */
  render(): void {
    const before = this.#before;
    this.#before = this.#state;
    for (const listener of this.#listeners) listener(this.#state, before);
  }
}

function memo<Key, Value>(made: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = made.get(key);
  if (known !== undefined) return known;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}
