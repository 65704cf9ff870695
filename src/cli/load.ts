// Finds and runs the load generator (bench/load/), and the shape of what it reports.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Children } from './children.ts';

/** What to ask of the load generator; seconds may be fractions. */
export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Bytes per message. */
  readonly size: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** `'connect'`: a connection for each message; `'echo'`, the default: all stay open. */
  readonly mode?: 'echo' | 'connect' | undefined;
  /** Connect from so many addresses of 127.0.0.0/8 in turn; absent: the kernel's choice. */
  readonly sources?: number | undefined;
  /** The process whose CPU time and memory are measured. */
  readonly serverPid: number;
  /** CPUs to pin the server and the load to; absent: the scheduler's choice. */
  readonly cpus?: { readonly server: number; readonly load: number } | undefined;
}

/** One run, as bench/load/report.cc prints it; null: this system does not tell. */
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
    fileURLToPath(new URL(`../../build/Release/${name}`, import.meta.url)),
    fileURLToPath(new URL(`../../build/${name}`, import.meta.url)), // CMake's
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
 * @throws Error - with its one line: the server stopped answering, echoed something else, has gone.
 */
export async function runLoad(
  children: Children,
  program: string,
  options: LoadOptions,
): Promise<LoadReport> {
  const child = await children.start('edgewise-load', program, loadArguments(options));
  const limitSeconds = options.warmupSeconds + options.seconds + LOAD_SECONDS_SPARE;
  const timer = setTimeout(() => void child.stop(), limitSeconds * 1000);
  const exitCode = await child.ended;
  clearTimeout(timer);
  if (exitCode !== 0) {
    const reason = child.output.stderr.trim();
    throw new Error(reason === '' ? `edgewise-load ended with ${exitCode}` : reason);
  }
  return JSON.parse(child.output.stdout) as LoadReport;
}

function loadArguments(options: LoadOptions): string[] {
  const pairs: Record<string, string | number> = {
    host: options.host,
    port: options.port,
    connections: options.connections,
    size: options.size,
    warmup: options.warmupSeconds,
    seconds: options.seconds,
    'server-pid': options.serverPid,
  };
  if (options.mode !== undefined) pairs.mode = options.mode;
  if (options.sources !== undefined) pairs.sources = options.sources;
  if (options.cpus !== undefined) {
    pairs['server-cpu'] = options.cpus.server;
    pairs['load-cpu'] = options.cpus.load;
  }
  return Object.entries(pairs).flatMap(([name, value]) => [`--${name}`, String(value)]);
}
