// What a scenario is made of. The tables of this folder are all there is to one: what to start,
// what load to put on it, in which settings, and what comes out.
import type { Children } from '../../../src/cli/measure/index.ts';
import type { Contender, Role, ScenarioInfo, Setting, Values } from '../model.ts';

/** What a load needs to know: which server to drive, how long, and from which CPU. */
export interface LoadContext {
  readonly port: number;
  readonly pid: number;
  readonly setting: Setting;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly cpu: number | undefined;
  readonly children: Children;
  readonly signal: AbortSignal;
  /** The memory of the contender; of a Node after its garbage was collected, if the scenario asks. */
  memory(): Promise<Memory>;
}

export interface Memory {
  /** Resident; of a Node that collects, when all garbage was collected. */
  readonly bytes: number;
  /** Resident, garbage included. */
  readonly uncollectedBytes: number;
  /** Of a Node that collects: what V8's heap has in use. */
  readonly heapBytes?: number;
}

/** Looks at a process of its own before the first round. */
export type Survey = (context: LoadContext) => Promise<Values>;

/** What one load has found. */
export interface LoadReport {
  /** Operations of the measured window. */
  readonly operations: number;
  readonly seconds: number;
  /** CPU of the contender in that window; absent: read around the whole load. */
  readonly cpuUs?: number;
  /** As in `Round`. */
  readonly latency?: string;
  /** Further metrics. */
  readonly values?: Values;
}

export type Load = (context: LoadContext) => Promise<LoadReport>;

export type Field = 'core' | 'wide' | 'all';

/** A setting, and which contenders take part when none is named on the command line. */
export interface Variation {
  readonly setting: Setting;
  /** `core`: those of `CORE`; `wide`: of `WIDE` too; `all`: every contender that can play the role. */
  readonly field: Field;
  readonly isQuick: boolean;
}

/** What must run or exist beside the contenders. */
export interface Surroundings {
  /** What commands get of it, with anything in place of values that are not known yet. */
  readonly sketch: Setting;
  /** Makes it, and gives what completes the setting of commands and loads. */
  readonly prepare: (
    children: Children,
    signal: AbortSignal,
    loadCpu: number | undefined,
  ) => Promise<Setting>;
}

export interface Scenario extends ScenarioInfo {
  readonly role: Role;
  /** Absent: the role is a task, which measures itself. */
  readonly load?: Load;
  /** What warms contenders up; absent: the load. */
  readonly warmUp?: Load;
  readonly variations: readonly Variation[];
  /** Contenders of this scenario only; absent: those of bench/src/contenders. */
  readonly own?: readonly Contender[];
  /** Absent: all of bench/src/contenders but the `PARALLEL` ones. */
  readonly only?: readonly string[];
  /** Which take part when none is named; absent: those of the variation's field. */
  readonly usual?: readonly string[];
  /** Which take part in the quick run; absent: `QUICK_CORE`. */
  readonly quick?: readonly string[];
  readonly surroundings?: Surroundings;
  /** A program of the load that may be missing, and how to install it. */
  readonly needs?: { readonly program: string; readonly install: string };
  /** A process for each round, of which the memory is looked at. */
  readonly isFresh?: boolean;
  /** Garbage is collected before the memory of a Node is looked at. */
  readonly isCollected?: boolean;
  /** Its values are measured once, and in the setting that the load gets. */
  readonly survey?: Survey;
  /** Values in what a contender has printed when it was ended, after its rounds. */
  readonly readEnd?: (output: string) => Values;
  /** Only when it is named: its rounds take long, or say nothing in short. */
  readonly isOnDemand?: boolean;
  /** What one turn takes beside the load's windows, for the estimate only. */
  readonly extraSeconds?: number;
  /** Rounds of the full run are not shorter: a tail shows only in many operations. */
  readonly secondsMin?: number;
  /** More than one thread does the work: contenders are not pinned. */
  readonly isParallel?: boolean;
  /** System calls are counted in settings that this holds for. */
  readonly countsSyscalls?: (setting: Setting) => boolean;
}

/** Ours where it is no TCP echo server: each takes part only in what its name says. */
const LAYERS: readonly string[] = ['edgewise-datagrams', 'edgewise-relay', 'edgewise-sendfile'];

/** Which contenders represent the field where measuring all would take too long. */
export const CORE: readonly string[] = [
  'edgewise',
  'edgewise-handlers',
  ...LAYERS,
  'node',
  'c',
  'libuv',
  'tokio',
];

/** Every other JavaScript contender of note: ours are compared with these in every scenario. */
export const WIDE: readonly string[] = [...CORE, 'node-onread', 'node26', 'bun', 'deno'];

/** The same as `CORE` for the quick run. */
export const QUICK_CORE: readonly string[] = [
  'edgewise',
  'edgewise-handlers',
  ...LAYERS,
  'node',
  'c',
  'libuv',
];

/** These take more than one CPU, and so no part where contenders are pinned to one. */
export const PARALLEL: readonly string[] = [
  'edgewise-multi',
  'edgewise-multi-reuseport',
  'edgewise-multi-exclusive',
];

export function numberOf(setting: Setting, name: string, otherwise: number): number {
  const value = setting[name];
  return typeof value === 'number' ? value : otherwise;
}
