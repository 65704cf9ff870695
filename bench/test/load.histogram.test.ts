// The recorder in C++ has the buckets of an HdrHistogram: filled from them, one of
// hdr-histogram-js is the same as if it had seen every value.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeLatency } from '../src/load.ts';

const PRECISION = 1 / 1024;
const MINUTES_NS = 600e9;
let directory: string;
let recorder: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgewise-recorder-'));
  recorder = join(directory, 'recorder');
  const source = fileURLToPath(new URL('recorder.cc', import.meta.url));
  execFileSync('c++', ['-std=c++17', '-O1', '-Wall', '-o', recorder, source]);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function record(values: readonly number[]): [number, number][] {
  const input = values.map(String).join('\n');
  const lines = execFileSync(recorder, { input, encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => line.split(' ').map(Number) as [number, number]);
}

/** Mulberry32: the same values in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Nanoseconds from 1 to ten minutes, each magnitude as likely as the others. */
function durations(seed: number, count: number): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => Math.floor(MINUTES_NS ** random()));
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('values of seed %i: nothing is lost on the way', (seed) => {
  const values = durations(seed, 5000);
  const buckets = record(values);
  expect(encodeLatency(buckets)).toBe(encodeLatency(values.map((value) => [value, 1])));

  const histogram = decodeFromCompressedBase64(encodeLatency(buckets));
  const sorted = values.sort((a, b) => a - b);
  expect(histogram.totalCount).toBe(values.length);
  for (const percentile of [0.1, 10, 50, 90, 99, 99.9, 100]) {
    // The library's rank: to the nearest.
    const rank = Math.max(1, Math.round((percentile / 100) * values.length));
    const exact = sorted[rank - 1] ?? 0;
    const found = histogram.getValueAtPercentile(percentile);
    expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(PRECISION);
  }
});

test('the ends of the buckets', () => {
  const powers = Array.from({ length: 39 }, (_, exponent) => 2 ** (exponent + 1));
  const values = [1, 3, ...powers.flatMap((power) => [power, power - 1, power + 1])];
  for (const value of values.filter((one) => one > 0)) {
    const [[lowest = 0] = [], ...more] = record([value]);
    expect(more).toEqual([]);
    expect(lowest).toBeLessThanOrEqual(value);
    expect(value - lowest).toBeLessThanOrEqual(value * PRECISION);
    if (value < 2048) expect(lowest).toBe(value);
  }
});

test('no value at all is an empty histogram', () => {
  expect(decodeFromCompressedBase64(encodeLatency([])).totalCount).toBe(0);
});

test('what is longer than an hour counts as an hour', () => {
  const histogram = decodeFromCompressedBase64(encodeLatency([[1e16, 2]]));
  expect(histogram.totalCount).toBe(2);
  expect(histogram.getValueAtPercentile(100) / 3.6e12).toBeCloseTo(1, 2);
});
