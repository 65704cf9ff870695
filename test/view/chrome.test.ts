// The export in the Trace Event Format, held to the rules of its document.
import { describe, expect, it } from 'vitest';
import type { TraceData } from '../../src/trace/index.ts';
import { chromeOf, modelOf } from '../../src/view/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { awkward, recorded } from './exports.ts';

interface Line {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly s?: string;
  readonly args: Record<string, unknown>;
}

const descriptors = useDescriptors();

function linesOf(trace: TraceData): Line[] {
  return JSON.parse(chromeOf(modelOf(trace))).traceEvents;
}

const TRACES: readonly [string, () => TraceData][] = [
  ['events', () => recorded(descriptors, 'events')],
  ['timed', () => recorded(descriptors, 'timed')],
  ['calls', () => recorded(descriptors, 'calls')],
  ['awkward', () => awkward().trace()],
];

describe.each(TRACES)('a trace: %s', (_, make) => {
  it('has what each kind of line must have', () => {
    const trace = make();
    for (const { ph, name, pid, tid, ts, dur, s, args } of linesOf(trace)) {
      expect(['M', 'X', 'i', 'C']).toContain(ph);
      expect([name.length > 0, pid, Number.isInteger(tid)]).toEqual([true, trace.pid, true]);
      expect(typeof args).toBe('object');
      if (ph === 'M') expect(['process_name', 'thread_name', 'thread_sort_index']).toContain(name);
      else expect(Number.isFinite(ts) && ts >= 0).toBe(true);
      if (ph === 'X') expect(Number.isFinite(dur) && dur >= 0).toBe(true);
      if (ph === 'i') expect(s).toBe('t');
      if (ph === 'C') expect(Object.values(args).every(Number.isFinite)).toBe(true);
    }
  });

  it('has slices that lie within each other or apart, on each thread', () => {
    const slices = linesOf(make()).filter(({ ph }) => ph === 'X');
    expect(slices.length).toBeGreaterThan(2);
    for (const tid of new Set(slices.map((slice) => slice.tid))) {
      const own = slices
        .filter((slice) => slice.tid === tid)
        .sort((a, b) => a.ts - b.ts || b.dur - a.dur);
      const ends: number[] = [];
      for (const { ts, dur } of own) {
        while (ends.length > 0 && (ends.at(-1) as number) <= ts) ends.pop();
        expect(ts + dur).toBeLessThanOrEqual(ends.at(-1) ?? Number.POSITIVE_INFINITY);
        ends.push(ts + dur);
      }
    }
  });
});

it('times are in microseconds, and each thread has a name', () => {
  const trace = awkward().trace();
  const lines = linesOf(trace);
  const turn = lines.find(({ name }) => name === 'turn');
  expect(turn).toMatchObject({ ph: 'X', ts: 11_000 });
  const threads = new Set(lines.filter(({ ph }) => ph === 'X' || ph === 'i').map(({ tid }) => tid));
  const named = lines.filter(({ name }) => name === 'thread_name').map(({ tid }) => tid);
  expect(named).toEqual(expect.arrayContaining([...threads]));
});

it('a handler has what it charged and its sentence; queued bytes are a counter', () => {
  const lines = linesOf(awkward().trace());
  const handler = lines.find(({ name }) => name === 'handler Readable');
  expect(handler?.args).toMatchObject({ what: expect.stringContaining('handler'), charged: 0 });
  const counts = lines.filter(({ ph }) => ph === 'C');
  expect(counts.map(({ args }) => args.bytes)).toEqual([100, 2 ** 31 - 1, 0]);
});
