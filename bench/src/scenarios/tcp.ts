// Streams: echo in all sizes, pipelined, in bulk, on connections of their own, at a given rate; and
// what connections cost that do nothing.
import {
  BESIDE_SLOW,
  BYTE_RATE,
  CPU,
  LATENCIES,
  MEMORY,
  MEMORY_EACH,
  MEMORY_PARTS,
  RATE,
  SCHEDULE,
  SYSCALLS,
} from '../metrics.ts';
import type { Setting } from '../model.ts';
import { besideSlow, generated, idle } from './loads.ts';
import type { Scenario, Variation } from './scenario.ts';

const BASES = ['c', 'node'];
const ECHO_METRICS = [CPU, RATE, ...LATENCIES, SYSCALLS, MEMORY];

function variation(setting: Setting, more: Partial<Variation> = {}): Variation {
  return { setting, field: 'core', isQuick: false, ...more };
}

/**
 * Every size on every count. All take part at 64 connections and 64 bytes, and every other
 * JavaScript contender wherever one of the two is that.
 */
function matrix(): Variation[] {
  return [1, 8, 64, 1000, 10_000].flatMap((connections) =>
    [64, 1024, 16_384].map((size) => {
      const isCentre = connections === 64 && size === 64;
      const isQuick = isCentre || (connections === 1000 && size === 64);
      const isOnCross = connections === 64 || size === 64;
      const field = isCentre ? 'all' : isOnCross ? 'wide' : 'core';
      return variation({ connections, size }, { field, isQuick });
    }),
  );
}

const isCentre = ({ connections, size }: Setting) => connections === 64 && size === 64;

export const tcp: readonly Scenario[] = [
  {
    name: 'tcp-echo',
    title: 'TCP echo',
    operation: 'one message and its echo; a connection has one under way',
    role: 'tcp-echo',
    load: generated('tcp', 'closed'),
    metrics: ECHO_METRICS,
    merit: CPU.name,
    bases: BASES,
    axis: 'connections',
    variations: matrix(),
    countsSyscalls: isCentre,
  },
  {
    name: 'tcp-open-loop',
    title: 'TCP echo at a given rate',
    operation: 'one message and its echo, due at a fixed time; latency counts from then',
    role: 'tcp-echo',
    load: generated('tcp', 'open'),
    warmUp: generated('tcp', 'closed'), // at full speed: at a low rate code would be compiled later
    metrics: [...LATENCIES.slice(1), LATENCIES[0] ?? CPU, ...SCHEDULE, CPU, RATE],
    merit: 'p99Us',
    bases: BASES,
    axis: 'rate',
    secondsMin: 1,
    variations: [2000, 10_000, 20_000].map((rate) =>
      variation({ connections: 64, size: 64, rate }, { field: 'wide', isQuick: rate === 10_000 }),
    ),
  },
  {
    name: 'tcp-pipelined',
    title: 'TCP echo, pipelined',
    operation: 'one message and its echo; a connection has 16 under way',
    role: 'tcp-echo',
    load: generated('tcp', 'closed'),
    metrics: ECHO_METRICS,
    merit: CPU.name,
    bases: BASES,
    variations: [
      variation({ connections: 64, size: 64, pipeline: 16 }, { field: 'all', isQuick: true }),
    ],
    countsSyscalls: isCentre,
  },
  {
    name: 'tcp-bulk',
    title: 'TCP in bulk',
    operation: 'one message received, of so many bytes as the setting says',
    role: 'tcp-sink',
    load: generated('tcp', 'bulk'),
    metrics: [CPU, BYTE_RATE, MEMORY],
    merit: CPU.name,
    bases: BASES,
    axis: 'connections',
    variations: [1, 8].map((connections) =>
      variation({ connections, size: 65_536 }, { field: 'all', isQuick: connections === 1 }),
    ),
  },
  {
    name: 'connect',
    title: 'Connect, echo and close',
    operation: 'a connection with one message and its echo, closed by the client',
    role: 'tcp-echo',
    load: generated('tcp', 'connect'),
    metrics: [CPU, RATE, ...LATENCIES, SYSCALLS],
    merit: CPU.name,
    bases: BASES,
    variations: [variation({ connections: 64, size: 64 }, { field: 'all', isQuick: true })],
    countsSyscalls: isCentre,
  },
  {
    name: 'idle-memory',
    title: 'Memory of idle connections',
    operation: 'an open connection that does nothing, in a server that has served load before',
    role: 'tcp-echo',
    load: idle,
    metrics: [MEMORY_EACH, ...MEMORY_PARTS],
    merit: MEMORY_EACH.name,
    bases: ['libuv', 'node'], // C keeps nothing for a connection
    isFresh: true,
    isCollected: true,
    extraSeconds: 1.5,
    variations: [variation({ connections: 10_000 }, { isQuick: true })],
  },
  {
    name: 'slow-clients',
    title: 'One client beside many slow ones',
    operation: 'one message and its echo, while other connections send one byte a second each',
    role: 'tcp-echo',
    load: besideSlow,
    warmUp: generated('tcp', 'closed'),
    metrics: [...BESIDE_SLOW, CPU],
    merit: 'p99Ratio',
    bases: [],
    usual: ['edgewise', 'edgewise-handlers', 'node'],
    isParallel: true, // the slow ones are a program, too
    isOnDemand: true,
    secondsMin: 2,
    extraSeconds: 4,
    variations: [variation({ connections: 1, size: 64, slow: 5000 }, { isQuick: true })],
  },
];
