// A run that could have been measured: 14 contenders, the shapes of all scenarios, rounds with noise
// and a drift of the whole run. Made from a seed, so that the same one is always the same.
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { Case, ContenderInfo, Metric, Results, ScenarioInfo } from '../src/model.ts';

export interface Shape {
  readonly seed?: number;
  readonly rounds?: number;
  /** Standard deviation of a round: 0.02 is 2 %. */
  readonly noise?: number;
  /** The whole run is slower or faster by at most this. */
  readonly drift?: number;
  /** Name of contender -> factor on its cost. */
  readonly slower?: Readonly<Record<string, number>>;
  readonly hasLatency?: boolean;
  /** Cost against connections only: the first so many cases of it. */
  readonly echoes?: number;
}

const COSTS: readonly (readonly [string, string, ContenderInfo['family'], number])[] = [
  ['edgewise', 'edgewise reactor', 'edgewise', 5.2],
  ['edgewise-handlers', 'edgewise handlers', 'edgewise', 5.5],
  ['edgewise-promises', 'edgewise promises', 'edgewise', 6.8],
  ['edgewise-net', 'edgewise/net', 'edgewise', 7.2],
  ['node', 'node:net', 'javascript', 9.4],
  ['node-onread', 'node:net with onread', 'javascript', 7.1],
  ['bun', 'Bun.listen', 'javascript', 6.1],
  ['deno', 'Deno.listen', 'javascript', 7.5],
  ['node-26', 'node:net of Node.js 26', 'javascript', 7.6],
  ['c', 'C epoll', 'native', 5.1],
  ['libuv', 'C libuv', 'native', 5.3],
  ['asio', 'Asio', 'native', 5.35],
  ['tokio', 'Tokio, current thread', 'native', 5.4],
  ['go', 'Go net', 'native', 7],
];

const CPU: Metric = { name: 'cpuUs', label: 'CPU per operation', unit: 'µs', better: 'lower' };
const METRICS: readonly Metric[] = [
  CPU,
  { name: 'operationsPerSecond', label: 'throughput', unit: '1/s', better: 'higher' },
  { name: 'p99Us', label: 'latency, 99 %', unit: 'µs', better: 'lower' },
  {
    name: 'syscallsPerOperation',
    label: 'system calls per operation',
    unit: '',
    better: 'lower',
  },
];
const TIME: Metric = { name: 'nsPerOperation', label: 'time', unit: 'ns', better: 'lower' };

const SCENARIOS: readonly ScenarioInfo[] = [
  {
    name: 'tcp-echo',
    title: 'TCP echo',
    operation: 'one message and its echo',
    metrics: METRICS,
    merit: 'cpuUs',
    bases: ['c', 'node'],
    axis: 'connections',
  },
  {
    name: 'idle-descriptors',
    title: 'A wait among idle descriptors',
    operation: 'a wait that brings the 10 ready ones',
    metrics: [TIME],
    merit: 'nsPerOperation',
    bases: ['edgewise-epoll'],
    axis: 'watched',
  },
  {
    name: 'tcp-bulk',
    title: 'TCP in bulk',
    operation: 'a megabyte that arrived',
    metrics: [{ name: 'bytesPerSecond', label: 'throughput', unit: 'B/s', better: 'higher' }],
    merit: 'bytesPerSecond',
    bases: ['c', 'node'],
  },
];

/** mulberry32: numbers of 0..1 from a seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function normalFrom(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function latencyOf(us: number, random: () => number): string {
  const histogram = build({ bitBucketSize: 64, numberOfSignificantValueDigits: 2 });
  for (let at = 0; at < 20_000; at++) {
    histogram.recordValue(Math.round(us * 4000 * (1 + 0.4 / (random() + 0.002) / 10)));
  }
  return encodeIntoCompressedBase64(histogram);
}

/** A run. Without a shape: quiet, 5 rounds, everything there. */
export function fixture(shape: Shape = {}): Results {
  const { seed = 1, rounds = 5, noise = 0.02, drift = 0.15, hasLatency = true } = shape;
  const random = randomFrom(seed);
  const normal = normalFrom(random);
  const machine = 1 + drift * (2 * random() - 1);
  const cost = (name: string, usual: number) => {
    const slow = shape.slower?.[name] ?? 1;
    return Array.from(
      { length: rounds },
      () => usual * slow * machine * Math.exp(noise * normal()),
    );
  };
  const echoes = [1, 8, 64, 1000].slice(0, shape.echoes).map((connections): Case => {
    const growth = 1 + Math.log10(connections) * 0.08 + 0.4 / connections;
    const measurements = COSTS.map(([contender, , , usual]) => ({
      contender,
      rounds: cost(contender, usual * growth).map((us) => ({
        values: { cpuUs: us, operationsPerSecond: 9e5 / us, p99Us: us * 12 },
        ...(hasLatency && connections === 64 ? { latency: latencyOf(us, random) } : {}),
      })),
      once: { syscallsPerOperation: usual / 2.5 },
      ...(connections === 64 ? { syscalls: { read: 1, write: 1, epoll_wait: 0.12 } } : {}),
    }));
    return { scenario: 'tcp-echo', setting: { connections, size: 64 }, measurements, failures: {} };
  });
  const backends = { 'edgewise-epoll': 0.2, 'edgewise-poll': 11, 'edgewise-select': 19 };
  const idle = [10, 100, 1000, 10_000].map((watched): Case => {
    const able = Object.entries(backends).slice(0, watched > 1024 ? 2 : 3);
    const measurements = able.map(([contender, each]) => ({
      contender,
      rounds: cost(contender, 900 + (contender === 'edgewise-epoll' ? 40 : each * watched)).map(
        (ns) => ({
          values: { nsPerOperation: ns },
        }),
      ),
      once: {},
    }));
    const failures: Record<string, string> =
      watched === 10_000 ? { 'edgewise-select': 'more descriptors than FD_SETSIZE' } : {};
    return { scenario: 'idle-descriptors', setting: { watched }, measurements, failures };
  });
  const bulk: Case = {
    scenario: 'tcp-bulk',
    setting: {},
    measurements: COSTS.slice(0, 12).map(([contender, , , usual]) => ({
      contender,
      rounds: cost(contender, usual).map((us) => ({ values: { bytesPerSecond: 1.6e10 / us } })),
      once: {},
    })),
    failures: { go: 'exited with code 1' },
  };
  return {
    format: 'edgewise-bench/1',
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 612.4,
    command: 'npm run bench -- tcp-echo idle-descriptors tcp-bulk',
    machine: {
      kernel: 'Linux 6.1.0',
      cpu: 'A processor with a rather long name @ 2.40GHz',
      cpus: 2,
      node: 'v20.20.2',
      libuv: '1.46.0',
      ioUring: 'off',
      edgewise: '0.1.0',
      pinning: 'server on CPU 0, load on CPU 1',
    },
    contenders: [
      ...COSTS.map(([name, label, family]) => ({ name, label, family, version: '1.0.0' })),
      ...Object.keys(backends).map((name) => ({
        name,
        label: name.slice('edgewise-'.length),
        family: 'edgewise' as const,
        version: '1.0.0',
      })),
    ],
    missing: [
      { name: 'libevent', reason: 'no event2/event.h', install: 'apt install libevent-dev' },
    ],
    scenarios: SCENARIOS,
    cases: [...echoes, ...idle, bulk],
  };
}
