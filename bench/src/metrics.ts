// All that is measured anywhere. Scenarios name the ones that they have.
import type { Metric } from './model.ts';

const lower = (name: string, label: string, unit: string): Metric => ({
  name,
  label,
  unit,
  better: 'lower',
});
const higher = (name: string, label: string, unit: string): Metric => ({
  name,
  label,
  unit,
  better: 'higher',
});

export const CPU = lower('cpuUs', 'CPU per operation', 'µs');
export const RATE = higher('operationsPerSecond', 'throughput', '1/s');
export const BYTE_RATE = higher('bytesPerSecond', 'throughput', 'B/s');
export const LATENCIES: readonly Metric[] = [
  lower('p50Us', 'latency, median', 'µs'),
  lower('p99Us', 'latency, 99 %', 'µs'),
  lower('p999Us', 'latency, 99.9 %', 'µs'),
];
/** Of the open loop: how late the load itself was at worst, and messages without an answer. */
export const SCHEDULE: readonly Metric[] = [
  { ...lower('lateMaxUs', 'load late by at most', 'µs'), isSpreadShown: true },
  { ...lower('unfinished', 'unanswered', ''), isSpreadShown: true },
];
export const MEMORY = lower('rssBytes', 'resident memory', 'B');
export const MEMORY_EACH = lower('kilobytesPerConnection', 'memory per connection', 'KB');
/** Of a Node: what of that is in V8's heap, and the garbage of opening that was there before. */
export const MEMORY_PARTS: readonly Metric[] = [
  lower('heapKilobytesPerConnection', "in V8's heap", 'KB'),
  lower('garbageKilobytesPerConnection', 'garbage collected before', 'KB'),
];
/** Largest share of a reactor as a multiple of the mean: 1 is even. */
export const IMBALANCE: readonly Metric[] = [
  lower('connectionImbalance', 'imbalance, connections', ''),
  lower('byteImbalance', 'imbalance, bytes', ''),
];
/** Connections that a server holds at once. */
export const HELD = higher('held', 'connections held', '');
/** The latency of one connection beside slow ones, and alone. */
export const BESIDE_SLOW: readonly Metric[] = [
  { ...lower('p99Ratio', 'latency, 99 %, × alone', ''), isSpreadShown: true },
  lower('p50AloneUs', 'median, alone', 'µs'),
  lower('p99AloneUs', '99 %, alone', 'µs'),
  lower('p50Us', 'median', 'µs'),
  lower('p99Us', '99 %', 'µs'),
];
export const SYSCALLS = lower('syscallsPerOperation', 'system calls per operation', '');
export const TIME_EACH = lower('nsPerOperation', 'time per operation', 'ns');
