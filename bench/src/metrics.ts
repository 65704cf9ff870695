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
export const MEMORY_EACH = lower('bytesPerConnection', 'memory per connection', 'B');
export const SYSCALLS = lower('syscallsPerOperation', 'system calls per operation', '');
export const TIME_EACH = lower('nsPerOperation', 'time per operation', 'ns');
