// The comparison of `edgewise demo`: each server in a process of its own, all started before the
// first round; in each round the load visits one after the other, and ratios are taken within one
// round. The files beside it are its parts, which the benchmark suite uses as well.
import { type Child, Children } from './children.ts';
import { separateCpus } from './cpus.ts';
import { type LoadReport, runLoad } from './load.ts';
import { rotated } from './rounds.ts';
import { ratioOf, type Spread, spreadOf } from './statistics.ts';

const START_MS_MAX = 10_000;

/** A server to compare: a program that prints `listening on HOST:PORT` once it accepts. */
export interface Contender {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface MeasureOptions {
  readonly contenders: readonly Contender[];
  /** Path of the load generator. */
  readonly loadProgram: string;
  readonly connections: number;
  /** Bytes per message. */
  readonly size: number;
  readonly rounds: number;
  /** Length of one measured window. */
  readonly seconds: number;
  /** Load before each window. */
  readonly warmupSeconds: number;
  /** Called before each window; `done` of `total` are over. */
  readonly onProgress?: (done: number, total: number, name: string) => void;
}

/** All rounds of one contender, in order. */
export interface Measurement {
  readonly name: string;
  readonly rounds: readonly LoadReport[];
}

/** A contender that accepts. */
export interface Server {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly child: Child;
}

/**
 * Starts the contenders, measures them in alternating rounds, and ends them.
 *
 * @returns one measurement per contender, in the order given.
 * @throws Error - one of them does not start, stops answering, or echoes something else.
 */
export async function measure(options: MeasureOptions): Promise<Measurement[]> {
  const children = new Children();
  try {
    const servers: Server[] = [];
    for (const contender of options.contenders) {
      servers.push(await startServer(children, contender));
    }
    return await alternate(children, servers, options);
  } finally {
    await children[Symbol.asyncDispose]();
  }
}

async function alternate(
  children: Children,
  servers: readonly Server[],
  options: MeasureOptions,
): Promise<Measurement[]> {
  const cpus = separateCpus();
  const reports = new Map<Server, LoadReport[]>(servers.map((server) => [server, []]));
  const turns = Array.from({ length: options.rounds }, (_, round) =>
    rotated(servers, round),
  ).flat();
  for (const [done, server] of turns.entries()) {
    options.onProgress?.(done, turns.length, server.name);
    const report = await runLoad(children, options.loadProgram, {
      host: server.host,
      port: server.port,
      connections: options.connections,
      size: options.size,
      warmupSeconds: options.warmupSeconds,
      seconds: options.seconds,
      serverPid: server.child.pid,
      serverCpu: cpus?.server,
      loadCpu: cpus?.load,
    }).catch((error: Error) => {
      throw new Error(`${server.name}: ${error.message}`, { cause: error });
    });
    reports.get(server)?.push(report);
  }
  return servers.map((server) => ({ name: server.name, rounds: reports.get(server) ?? [] }));
}

/**
 * Starts a contender and waits until it accepts.
 *
 * @throws Error - it ended, or has not said where it listens within ten seconds.
 */
export async function startServer(children: Children, contender: Contender): Promise<Server> {
  const { name, command, args } = contender;
  const child = await children.start({ file: command, args });
  const [, host = '', port = ''] = await child
    .match(/^listening on (.+):(\d+)$/m, undefined, START_MS_MAX)
    .catch((error: Error) => {
      const reason = child.output.stderr.trim() || error.message;
      throw new Error(`${name} did not start: ${reason}`, { cause: error });
    });
  return { name, host: host.replace(/^\[|\]$/g, ''), port: Number(port), child };
}

/** The rounds of one contender, summed up. Null: this system does not say. */
export interface Summary {
  readonly name: string;
  readonly messagesPerSecond: Spread;
  /** Server CPU time, user and system, per message. */
  readonly cpuUsPerMessage: Spread | null;
  readonly latencyUs: { readonly p50: Spread; readonly p99: Spread; readonly p999: Spread };
  /** Resident at the end of each window. */
  readonly rssBytes: Spread | null;
}

/** @param measurement - with one round at least. */
export function summarize({ name, rounds }: Measurement): Summary {
  const cpu = cpuUsPerMessage(rounds);
  const rss = rounds.map((report) => report.server?.rssEndBytes ?? null).filter(isKnown);
  return {
    name,
    messagesPerSecond: spreadOf(rounds.map((report) => report.messagesPerSecond)),
    cpuUsPerMessage: cpu === null ? null : spreadOf(cpu),
    latencyUs: {
      p50: spreadOf(rounds.map((report) => report.latencyUs.p50)),
      p99: spreadOf(rounds.map((report) => report.latencyUs.p99)),
      p999: spreadOf(rounds.map((report) => report.latencyUs.p999)),
    },
    rssBytes: rss.length === 0 ? null : spreadOf(rss),
  };
}

/** Server CPU per message as a multiple of the base's, round by round; null: not known here. */
export function cpuRatio(measurement: Measurement, base: Measurement): Spread | null {
  const values = cpuUsPerMessage(measurement.rounds);
  const bases = cpuUsPerMessage(base.rounds);
  return values === null || bases === null ? null : ratioOf(values, bases);
}

function cpuUsPerMessage(rounds: readonly LoadReport[]): number[] | null {
  const values = rounds
    .map(({ server, messages }) => (server?.cpuNs == null ? null : server.cpuNs / 1000 / messages))
    .filter(isKnown);
  return values.length === rounds.length ? values : null;
}

function isKnown(value: number | null): value is number {
  return value !== null;
}
