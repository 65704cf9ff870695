// The load generator (bench/load/, the program edgewise-load) in the suite's terms. Its report has
// the recorder's buckets, which are those of an HdrHistogram with three significant digits: from
// here on latencies are such a histogram, and percentiles are those of hdr-histogram-js.
import { setTimeout as delay } from 'node:timers/promises';
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import {
  Children,
  type LoadOptions,
  type LoadReport,
  runLoad as runGenerator,
} from '../../src/cli/measure/index.ts';
import { inRoot } from './root.ts';

/** What the load does. */
export interface LoadPlan {
  readonly protocol: 'tcp' | 'udp';
  /**
   * - `closed`: a connection sends its next message when one was answered
   * - `open`: messages are sent at `ratePerSecond`, whatever the server does, and their latency is
   *   counted from the time at which each was due
   * - `connect`: each message has a connection of its own, TCP only
   * - `idle`: the connections exchange one message, are silent for `seconds`, and exchange another
   * - `bulk`: connections send as much as fits, and read what comes back; UDP only with `sink`
   * - `slow-reader`: the same, but each reads `ratePerSecond` bytes per second only; TCP only
   */
  readonly mode: 'closed' | 'open' | 'connect' | 'idle' | 'slow-reader' | 'bulk';
  /** Of the server, on 127.0.0.1. */
  readonly port: number;
  /** 1 or more. Over UDP: sockets. */
  readonly connections: number;
  /** Bytes per message, 1 to 16777216; over UDP 8 to 65507. */
  readonly size: number;
  /** The measured window, 0.01 to 600. */
  readonly seconds: number;
  /** Load that is not counted, 0 to 60. */
  readonly warmupSeconds: number;
  /** `closed`: messages under way on each connection; 1 when absent. */
  readonly pipeline?: number;
  /** `open`: messages per second, all connections together. `slow-reader`: see there. */
  readonly ratePerSecond?: number;
  /** `bulk`: the server answers nothing, and messages count when the socket has taken them. */
  readonly sink?: boolean;
  /** More connections that stay open and silent beside the load. */
  readonly idleConnections?: number;
}

export interface LoadResult {
  /** Messages that were answered within the window (`sink`: sent). */
  readonly operations: number;
  /** The window as it was. `idle`: that of the last messages, after the silence. */
  readonly seconds: number;
  /** Datagrams that were lost, and messages of the open loop that were never answered. */
  readonly errors: number;
  /** `open`: messages due in the window that were never answered. */
  readonly unfinished?: number;
  /** `open`: how much later than due the load began a message, at worst. */
  readonly lateMaxUs?: number;
  /** CPU time of `serverPid` in the window; absent also where the system does not say. */
  readonly serverCpuNs?: number;
  /** An HdrHistogram of nanoseconds, V2 compressed, base64. Bulk and slow readers have none. */
  readonly latency?: string;
}

export interface LoadControl {
  /** The CPU to pin the load to; absent: the scheduler's choice. */
  readonly cpu?: number;
  /** The server: its CPU time in the window is measured, all threads. */
  readonly serverPid?: number;
  /** Ends the load; the run rejects with an AbortError then. */
  readonly signal?: AbortSignal;
  /** `idle`: called when all connections are open; they stay so until it has resolved. */
  readonly onOpen?: () => unknown;
}

const HOUR_NS = 3_600_000_000_000;
// One pair of addresses has some 28,000 ports, and each rests after a connection (bench/load/source.h).
const CONNECT_SOURCES = process.platform === 'linux' ? 200 : 0;
const MODES = {
  closed: 'echo',
  open: 'echo',
  connect: 'connect',
  idle: 'hold',
  'slow-reader': 'bulk',
  bulk: 'bulk',
} as const;

/**
 * Runs the load once, bounded in time.
 *
 * @throws RangeError - `ERR_OUT_OF_RANGE`: a plan without the rate that its mode needs.
 * @throws Error - with the generator's one line: the server refused, stopped answering, echoed
 * something else, has gone; or an argument was wrong. AbortError: `signal`.
 */
export async function runLoad(plan: LoadPlan, control: LoadControl = {}): Promise<LoadResult> {
  const options = optionsOf(plan, control);
  const { signal, onOpen } = control;
  const silence = () =>
    Promise.all([delay(plan.seconds * 1000, undefined, signal && { signal }), onOpen?.()]);
  await using children = new Children({ exitsOnSignal: false });
  const program = inRoot('build/Release/edgewise-load');
  return toResult(await runGenerator(children, program, options, { signal, onOpen: silence }));
}

function optionsOf(plan: LoadPlan, { cpu, serverPid }: LoadControl): LoadOptions {
  if ((plan.mode === 'open' || plan.mode === 'slow-reader') && plan.ratePerSecond === undefined) {
    const error = new RangeError(`the mode ${plan.mode} needs ratePerSecond`);
    throw Object.assign(error, { code: 'ERR_OUT_OF_RANGE' });
  }
  return {
    mode: MODES[plan.mode],
    port: plan.port,
    connections: plan.connections,
    size: plan.size,
    seconds: plan.seconds,
    warmupSeconds: plan.warmupSeconds,
    pipeline: plan.pipeline,
    rate: plan.mode === 'open' ? plan.ratePerSecond : undefined,
    readRate: plan.mode === 'slow-reader' ? plan.ratePerSecond : undefined,
    sources: plan.mode === 'connect' ? CONNECT_SOURCES : undefined,
    idle: plan.idleConnections,
    loadCpu: cpu,
    serverPid,
    isUdp: plan.protocol === 'udp',
    isSink: plan.sink === true,
    hasHistogram: true,
  };
}

function toResult(report: LoadReport): LoadResult {
  const serverCpuNs = report.server?.cpuNs ?? undefined;
  return {
    operations: report.messages,
    seconds: report.windowSeconds,
    errors: (report.lost ?? 0) + (report.schedule?.unfinished ?? 0),
    ...(report.schedule && {
      unfinished: report.schedule.unfinished,
      lateMaxUs: report.schedule.lateMaxUs,
    }),
    ...(serverCpuNs !== undefined && { serverCpuNs }),
    ...(report.latencyNs?.length && { latency: encodeLatency(report.latencyNs) }),
  };
}

/** A histogram, V2 compressed, in base64, of pairs of nanoseconds and their count. */
export function encodeLatency(buckets: readonly (readonly [number, number])[]): string {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HOUR_NS,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
  });
  for (const [ns, count] of buckets) histogram.recordValueWithCount(Math.min(ns, HOUR_NS), count);
  return encodeIntoCompressedBase64(histogram);
}
