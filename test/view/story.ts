// Traces that are written down event by event, to see what a viewer makes of them.
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { kernelCalls } from '../../src/kernel-calls.ts';
import {
  BLOCK_LENGTH,
  type Block,
  Kind,
  type OpenRegistration,
  type TraceData,
} from '../../src/trace/index.ts';
import { CALL_BITS } from '../../src/trace/kinds.ts';
import { modelOf } from '../../src/view/index.ts';
import type { Lane, StreamModel } from '../../src/view/model.ts';

export const READABLE = 1;
export const WRITABLE = 2;
export const READ_CLOSED = 8;
export const LEVEL = 0;
export const EDGE = 1;
export const WOULD_BLOCK = -constants.errno.EAGAIN;

/** Which registration: its descriptor, its slot and its generation. */
export type Place = readonly [fd: number, slot: number, generation: number];
const ERRORS = Object.fromEntries(
  [...getSystemErrorMap()].map(([number, [name]]) => [-number, name]),
);
const NONE: Place = [-1, 0, 0];

/** Takes down what happens in a reactor. Each method is one event, unless it says otherwise. */
export class Story {
  readonly #level: string;
  readonly #texts: string[] = [];
  readonly #rows: (readonly number[])[] = [];
  readonly #open: readonly OpenRegistration[];
  #timeNs = 0;

  constructor(level = 'calls', open: readonly Partial<OpenRegistration>[] = []) {
    this.#level = level;
    this.#open = open as readonly OpenRegistration[];
  }

  /** How many events there are: the number of the next one. */
  get next(): number {
    return this.#rows.length;
  }

  event(kind: number, [fd, slot, generation]: Place, a = 0, b = 0): this {
    this.#rows.push([kind, fd, slot, generation, a, b, this.#timeNs]);
    return this;
  }

  /** Time goes on. */
  later(ms: number): this {
    this.#timeNs += ms * 1e6;
    return this;
  }

  register(place: Place, interest: number, trigger: number): this {
    return this.event(Kind.Register, place, interest, trigger);
  }

  wait(count = 1, signals = 0): this {
    return this.event(Kind.WaitEnd, NONE, count, signals);
  }

  report(place: Place, bits: number): this {
    return this.event(Kind.Report, place, bits, bits);
  }

  begin(place: Place, bits: number, cause = 1): this {
    return this.event(Kind.HandlerBegin, place, bits, cause);
  }

  end(place: Place, bytes = 0, outcome = 0): this {
    return this.event(Kind.HandlerEnd, place, bytes, outcome);
  }

  call(name: string, place: Place, result: number, asked = -1): this {
    const index = kernelCalls.findIndex((call) => call.name === name);
    return this.event(Kind.Call, place, result, asked * 2 ** CALL_BITS + index);
  }

  /** A report, the handler, and what it calls: several events. */
  handle(place: Place, bits: number, ...calls: [string, number, number?][]): this {
    this.report(place, bits).begin(place, bits);
    for (const [name, result, asked] of calls) this.call(name, place, result, asked);
    return this.end(place);
  }

  text(kind: number, place: Place, text: string): this {
    return this.event(kind, place, this.#texts.push(text) - 1);
  }

  trace(): TraceData {
    const blocks: Block[] = [];
    for (let from = 0; from < this.#rows.length; from += BLOCK_LENGTH) {
      blocks.push(blockOf(this.#rows.slice(from, from + BLOCK_LENGTH), from, this));
    }
    const stream = { thread: 0, backend: 'epoll', level: this.#level, dropped: 0 };
    return {
      format: 1,
      node: 'v20.20.2',
      system: 'Linux',
      pid: 1,
      takenAtMs: 0,
      takenAtNs: 0,
      calls: kernelCalls.map(({ name }) => name),
      errors: ERRORS,
      streams: [{ ...stream, texts: this.#texts, blocks }],
    };
  }

  model(): StreamModel {
    return modelOf(this.trace()).streams[0] as StreamModel;
  }

  /** What is open where a block begins with event `at`: with what that registers, and without what it releases. */
  openAt(at: number): readonly OpenRegistration[] {
    const open = new Map(this.#open.map((one) => [`${one.slot}.${one.generation}`, one]));
    const isChanged = this.#rows[at]?.[0] !== Kind.Modify;
    for (const row of this.#rows.slice(0, isChanged ? at + 1 : at)) {
      const [kind, fd, slot, generation, interest, trigger] = row as [number, ...number[]];
      const key = `${slot}.${generation}`;
      if (kind === Kind.Release) open.delete(key);
      if (kind !== Kind.Register && kind !== Kind.Modify) continue;
      open.set(key, { fd, slot, generation, interest, trigger } as OpenRegistration);
    }
    return [...open.values()];
  }
}

function blockOf(rows: readonly (readonly number[])[], from: number, story: Story): Block {
  const column = (at: number) => rows.map((row) => row[at] as number);
  return {
    open: story.openAt(from),
    length: rows.length,
    kind: Uint8Array.from(column(0)),
    fd: Int32Array.from(column(1)),
    slot: Uint32Array.from(column(2)),
    generation: Uint32Array.from(column(3)),
    a: Int32Array.from(column(4)),
    b: Int32Array.from(column(5)),
    time: Float64Array.from(column(6)),
  };
}

/** The lane of a registration. */
export function laneOf(model: StreamModel, [, slot, generation]: Place): Lane {
  return model.lanes.find(({ key }) => key === `${slot}.${generation}`) as Lane;
}
