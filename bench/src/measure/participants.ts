// Turns a contender into what takes part in rounds: a server under load, or a program that measures
// itself. Values of a round are worked out here.
import { basename } from 'node:path';
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Child, Children } from '../../../src/cli/measure/index.ts';
import type { Command, Round, Setting, Values } from '../model.ts';
import { inRoot } from '../root.ts';
import type { Load, LoadContext, LoadReport, Memory, Scenario } from '../scenarios/scenario.ts';
import { type Watched, watch } from './disturbance.ts';
import type { Participant } from './rounds.ts';
import { residentBytes } from './usage.ts';

const TASK_MS_MAX = 120_000;
const TRACED_SECONDS = 0.5;
/** A load that takes so much longer than asked has failed. */
const LOAD_SECONDS_SPARE = 60;

export interface Circumstances {
  readonly scenario: Scenario;
  /** With what `prepare` has added. */
  readonly setting: Setting;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly settleSeconds: number;
  readonly serverCpu: number | undefined;
  readonly loadCpu: number | undefined;
  /** Processes of the load that run for the whole case. */
  readonly beside: readonly number[];
  readonly children: Children;
  readonly signal: AbortSignal;
}

/** A participant with its process, which can be looked at and ended. */
export interface Started extends Participant {
  readonly program: Child;
  /** The values of the scenario's survey. */
  survey(): Promise<Values>;
  /** Work under a tracer. */
  traced(): Promise<Traced>;
}

export interface Traced {
  readonly operations: number;
  /** System calls that are the measuring's own: name -> count. */
  readonly apart?: Values;
}

/** What a program that measures itself answers. */
interface Answer {
  readonly operations: number;
  readonly apart?: Values;
  readonly [metric: string]: unknown;
}

/** Starts a contender for one case. */
export async function startParticipant(
  name: string,
  command: Command,
  circumstances: Circumstances,
): Promise<Started> {
  const { scenario, children, serverCpu: cpu } = circumstances;
  const isCollected = scenario.isCollected === true && isNode(command);
  const program = isCollected
    ? await children.start(collecting(command), { cpu, hasChannel: true })
    : await children.start(command, { cpu });
  return scenario.load === undefined
    ? startTask(name, program, circumstances)
    : startServer(name, program, scenario.load, { ...circumstances, isCollected });
}

function isNode({ file }: Command): boolean {
  return basename(file) === 'node';
}

function collecting({ file, args, env }: Command): Command {
  const preload = ['--expose-gc', '--import', inRoot('bench/programs/collect.mjs')];
  return { file, args: [...preload, ...args], ...(env && { env }) };
}

async function memoryIn(program: Child, isCollected: boolean, signal: AbortSignal) {
  if (isCollected) return (await program.ask('collect', signal)) as unknown as Memory;
  const bytes = residentBytes(program.pid) ?? 0;
  return { bytes, uncollectedBytes: bytes };
}

async function startTask(
  name: string,
  program: Child,
  circumstances: Circumstances,
): Promise<Started> {
  const { signal } = circumstances;
  await program.match(/^ready$/m, signal);
  const ask = async (): Promise<Answer> => {
    program.writeLine('go');
    const [line] = await program.match(/^\{.*\}$/m, signal, TASK_MS_MAX);
    return JSON.parse(line);
  };
  return {
    name,
    program,
    survey: async () => ({}),
    warmUp: async () => void (await ask()),
    round: async () => {
      const end = watch(watchedOf(program, { ...circumstances, loadCpu: undefined }));
      const { operations: _, apart: __, ...values } = await ask();
      const { disturbance } = end();
      return { values: values as Values, ...(disturbance && { disturbance }) };
    },
    traced: ask,
  };
}

async function startServer(
  name: string,
  program: Child,
  load: Load,
  circumstances: Circumstances & { readonly isCollected: boolean },
): Promise<Started> {
  const { setting, seconds, warmupSeconds, loadCpu, children, signal } = circumstances;
  const { scenario, isCollected } = circumstances;
  const [, port] = await program.match(/:(\d+)\s*$/m, signal);
  const context: LoadContext = {
    port: Number(port),
    pid: program.pid,
    setting,
    seconds,
    warmupSeconds,
    cpu: loadCpu,
    children,
    signal,
    memory: () => memoryIn(program, isCollected, signal),
  };
  return {
    name,
    program,
    survey: async () => scenario.survey?.(context) ?? {},
    warmUp: async () => {
      const warmUp = scenario.warmUp ?? load;
      await bounded(warmUp, { ...context, seconds: circumstances.settleSeconds, warmupSeconds: 0 });
    },
    round: () => loadOnce(load, context, watchedOf(program, circumstances)),
    traced: async () => {
      const traced = { ...context, seconds: TRACED_SECONDS, warmupSeconds: 0 };
      return { operations: (await bounded(load, traced)).operations };
    },
  };
}

function bounded(load: Load, context: LoadContext): Promise<LoadReport> {
  const msMax = (context.seconds + context.warmupSeconds + LOAD_SECONDS_SPARE) * 1000;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(msMax)]);
  return load({ ...context, signal });
}

function watchedOf({ pid }: Child, { beside, serverCpu, loadCpu }: Circumstances): Watched {
  return { server: pid, beside, serverCpu, loadCpu };
}

async function loadOnce(load: Load, context: LoadContext, watched: Watched): Promise<Round> {
  const end = watch(watched);
  const report = await bounded(load, context);
  const { cpuUs, disturbance } = end();
  if (!(report.operations > 0)) throw new Error('nothing was answered under load');
  const latency = report.latency === undefined ? {} : { latency: report.latency };
  return { values: valuesOf(report, cpuUs), ...latency, ...(disturbance && { disturbance }) };
}

function valuesOf(report: LoadReport, around: number | undefined): Values {
  const cpu = report.cpuUs ?? around;
  return {
    ...(cpu === undefined ? {} : { cpuUs: cpu / report.operations }),
    operationsPerSecond: report.operations / report.seconds,
    ...(report.latency === undefined ? {} : percentiles(decode(report.latency))),
    ...report.values,
  };
}

function decode(latency: string): Histogram {
  return decodeFromCompressedBase64(latency) as Histogram;
}

function percentiles(histogram: Histogram): Values {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  return { p50Us: at(50), p99Us: at(99), p999Us: at(99.9) };
}

/** Resident memory of a server after its rounds. */
export function memoryOf({ program }: Started): Values {
  const bytes = residentBytes(program.pid);
  return bytes === undefined ? {} : { rssBytes: bytes };
}
