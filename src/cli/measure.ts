// The method of every comparison: each server in a process of its own, all started before the
// first round; in each round the load visits one after the other, and the order moves on by one
// from round to round. So a slow minute of the machine hits all of them, and ratios are taken
// within one round (statistics.ts).
import { readFileSync } from 'node:fs';
import { type Child, Children } from './children.ts';
import { type LoadOptions, type LoadReport, runLoad } from './load.ts';
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
  /** As for the load generator ({@link LoadOptions}). */
  readonly mode?: LoadOptions['mode'];
  readonly sources?: number;
  /** Called before each window; `done` of `total` are over. */
  readonly onProgress?: (done: number, total: number, name: string) => void;
}

/** All rounds of one contender, in order. */
export interface Measurement {
  readonly name: string;
  readonly rounds: readonly LoadReport[];
}

interface Server {
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
  const reports: LoadReport[][] = servers.map(() => []);
  const turns = Array.from({ length: options.rounds }, (_, round) =>
    servers.map((_, position) => (round + position) % servers.length),
  ).flat();
  for (const [done, index] of turns.entries()) {
    const server = servers[index] as Server;
    options.onProgress?.(done, turns.length, server.name);
    const report = await runLoad(children, options.loadProgram, {
      ...options,
      host: server.host,
      port: server.port,
      serverPid: server.child.pid,
      cpus,
    }).catch((error: Error) => {
      throw new Error(`${server.name}: ${error.message}`, { cause: error });
    });
    reports[index]?.push(report);
  }
  return servers.map(({ name }, index) => ({ name, rounds: reports[index] ?? [] }));
}

/**
 * Starts a contender and waits until it accepts.
 *
 * @throws Error - it ended, or has not said where it listens within ten seconds.
 */
export async function startServer(children: Children, contender: Contender): Promise<Server> {
  const child = await children.start(contender.name, contender.command, contender.args);
  const match = await new Promise<RegExpExecArray | null>((resolve) => {
    const timer = setTimeout(() => resolve(null), START_MS_MAX);
    const settle = (found: RegExpExecArray | null) => {
      clearTimeout(timer);
      resolve(found);
    };
    const look = () => {
      const found = /^listening on (.+):(\d+)$/m.exec(child.output.stdout);
      if (found !== null) settle(found);
    };
    child.onOutput = look;
    look();
    child.ended.then(() => settle(null));
  });
  child.onOutput = undefined;
  if (match === null) {
    const reason = child.output.stderr.trim() || `it did not say where it listens`;
    throw new Error(`${contender.name} did not start: ${reason}`);
  }
  const [, host = '', port = ''] = match;
  return { name: contender.name, host: host.replace(/^\[|\]$/g, ''), port: Number(port), child };
}

/**
 * Two CPUs that are as far apart as the numbering tells (neighbours are often one core's two
 * threads): the server on the first that we may use, the load on the last.
 *
 * @returns undefined where there is only one, or the system does not tell: nothing is pinned then.
 */
export function separateCpus(): { server: number; load: number } | undefined {
  const allowed = allowedCpus();
  const [server] = allowed;
  const load = allowed.at(-1);
  return server === undefined || load === undefined || server === load
    ? undefined
    : { server, load };
}

// See proc_pid_status(5), Cpus_allowed_list: "0-3,8".
function allowedCpus(): number[] {
  if (process.platform !== 'linux') return [];
  const status = readFileSync('/proc/self/status', 'latin1');
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** What the rounds of one contender come to. Null: this system does not tell. */
export interface Summary {
  readonly name: string;
  readonly messagesPerSecond: Spread;
  /** Server CPU time, user and system, per message. */
  readonly cpuUsPerMessage: Spread | null;
  readonly latencyUs: { readonly p50: Spread; readonly p99: Spread; readonly p999: Spread };
  /** Resident at the end of each window. */
  readonly rssBytes: Spread | null;
}

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
