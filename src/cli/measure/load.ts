// Finds and runs the load generator (bench/load/), and the shape of what it reports.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Child, Children } from './children.ts';

/** What to ask of the load generator (`edgewise-load --help`); seconds may be fractions. */
export interface LoadOptions {
  /** A numeric address; absent: 127.0.0.1. */
  readonly host?: string | undefined;
  readonly port: number;
  readonly connections: number;
  /** Bytes per message. */
  readonly size: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /**
   * `'echo'`, the default: all connections stay open; `'connect'`: one for each message; `'hold'`:
   * all stay open and silent while {@link LoadControl.onOpen} runs; `'bulk'`: as much as fits.
   */
  readonly mode?: 'echo' | 'connect' | 'hold' | 'bulk' | undefined;
  /** Connect from so many addresses of 127.0.0.0/8 in turn; absent: the kernel's choice. */
  readonly sources?: number | undefined;
  /** Messages under way on each connection; absent: one. */
  readonly pipeline?: number | undefined;
  /** The open loop, with so many messages per second; absent: the closed loop. */
  readonly rate?: number | undefined;
  /** Slow readers: bytes per second that each connection reads. */
  readonly readRate?: number | undefined;
  /** More connections, which stay open and silent. */
  readonly idle?: number | undefined;
  /** Datagrams in place of connections. */
  readonly isUdp?: boolean;
  /** The server answers nothing: messages count when they were sent. */
  readonly isSink?: boolean;
  /** With {@link LoadReport.latencyNs}. */
  readonly hasHistogram?: boolean;
  /** The process of which CPU time and memory are measured. */
  readonly serverPid?: number | undefined;
  /** The CPU to pin the server to; absent: it is left as it is. */
  readonly serverCpu?: number | undefined;
  /** The CPU to pin the load to; absent: the scheduler's choice. */
  readonly loadCpu?: number | undefined;
}

export interface LoadControl {
  /** Ends the load; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** `'hold'`: called when all connections are open; they stay so until it has resolved. */
  readonly onOpen?: (() => unknown) | undefined;
}

/** One run, as bench/load/report.cc prints it; null: this system does not say. */
export interface LoadReport {
  readonly connections: number;
  readonly size: number;
  readonly windowSeconds: number;
  readonly messages: number;
  readonly messagesPerSecond: number;
  readonly latencyUs: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
  readonly messagesPerConnection: { readonly min: number; readonly max: number };
  readonly server: {
    readonly pid: number;
    readonly cpuNs: number | null;
    /** Resident before the first connection. */
    readonly rssBaseBytes: number | null;
    /** Resident with all connections open, each answered once, and nothing under way. */
    readonly rssIdleBytes: number | null;
    /** Resident at the end of the window. */
    readonly rssEndBytes: number | null;
  } | null;
  readonly loadCpuNs: number | null;
  readonly serverCpu: number | null;
  readonly loadCpu: number | null;
  /** Datagrams without an answer. */
  readonly lost?: number;
  /** Of the open loop. */
  readonly schedule?: { readonly unfinished: number; readonly lateMaxUs: number } | null;
  /** Lowest nanoseconds of a bucket, and how many messages are in it. */
  readonly latencyNs?: readonly (readonly [number, number])[];
}

// Beyond the two windows: opening, stalls and the last answers, each bounded in the generator.
const LOAD_SECONDS_SPARE = 60;

/**
 * The path of a program that is built with the addon: in a local build, else beside the prebuilt
 * addon.
 *
 * @param addonPath - where the addon was loaded from.
 * @throws Error - there is none; the message says how to build it.
 */
export function findProgram(name: string, addonPath: string): string {
  const tried = [
    fileURLToPath(new URL(`../../../build/Release/${name}`, import.meta.url)),
    fileURLToPath(new URL(`../../../build/${name}`, import.meta.url)), // CMake's
    join(dirname(addonPath), name),
  ];
  const found = tried.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    `the program ${name} is missing; looked at ${[...new Set(tried)].join(', ')}. ` +
      'Build it: see "Other platforms" in CONTRIBUTING.md',
  );
}

/**
 * Runs the load generator once, bounded in time.
 *
 * @param program - its path, as {@link findProgram} gives it.
 * @throws Error - with its one line: the server stopped answering, echoed something else, has gone.
 */
export async function runLoad(
  children: Children,
  program: string,
  options: LoadOptions,
  { signal, onOpen }: LoadControl = {},
): Promise<LoadReport> {
  signal?.throwIfAborted();
  const child = await children.start({ file: program, args: loadArguments(options) });
  const limitSeconds = options.warmupSeconds + options.seconds + LOAD_SECONDS_SPARE;
  const timer = setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1000);
  const onAbort = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', onAbort);
  try {
    if (options.mode === 'hold') await holdOpen(child, onOpen);
    const exitCode = await child.ended;
    signal?.throwIfAborted();
    const { stdout, stderr } = child.output;
    if (exitCode === 0) return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as LoadReport;
    throw new Error(stderr.trim() || `edgewise-load ended with ${child.lastLine()}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    child.kill('SIGKILL'); // where `onOpen` has thrown
  }
}

// The first line says that all connections are open. One that fails before has no such line.
async function holdOpen(child: Child, onOpen: LoadControl['onOpen']): Promise<void> {
  const open = child.match(/^\{"open":\d+\}$/m, undefined, LOAD_SECONDS_SPARE * 1000);
  const isOpen = await open.then(
    () => true,
    () => false,
  );
  try {
    if (isOpen) await onOpen?.();
  } finally {
    child.endInput();
  }
}

function loadArguments(options: LoadOptions): string[] {
  const pairs: Readonly<Record<string, string | number | undefined>> = {
    mode: options.mode,
    host: options.host,
    port: options.port,
    connections: options.connections,
    size: options.size,
    warmup: options.warmupSeconds,
    seconds: options.seconds,
    sources: options.sources,
    pipeline: options.pipeline,
    rate: options.rate,
    'read-rate': options.readRate,
    idle: options.idle,
    'server-pid': options.serverPid,
    'server-cpu': options.serverCpu,
    'load-cpu': options.loadCpu,
  };
  const switches: Readonly<Record<string, boolean | undefined>> = {
    udp: options.isUdp,
    sink: options.isSink,
    histogram: options.hasHistogram,
  };
  return [
    ...Object.entries(pairs).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
    ...Object.entries(switches).flatMap(([name, isOn]) => (isOn ? [`--${name}`] : [])),
  ];
}
