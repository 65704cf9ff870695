// The words of the suite: what is measured (scenario), on which program (contender), and the results.
// Data flows one way: scenarios and contenders -> rounds -> results (JSON) -> table, report, compare.

import type { Command } from '../../src/cli/measure/index.ts';

export type { Command };

/**
 * What a program can be asked to be. Servers print one line that ends in `:PORT` when they listen,
 * and end on SIGTERM. Programs of `task:*` measure themselves: they print `ready`, and for each line
 * on their stdin they do the work once and print one line of JSON, the `Values` of that round.
 */
export type Role =
  | 'tcp-echo'
  | 'tcp-relay'
  | 'udp-echo'
  | 'udp-sink'
  | 'tcp-sink'
  | 'file'
  | 'http'
  | `task:${string}`;

/**
 * The figures of one case: `{ connections: 64, size: 64 }`. Some roles need one: `tcp-relay` the port
 * to connect to (`targetPort`), `file` the path (`file`); `udp-sink` takes `offload: 'on'` for GRO.
 */
export type Setting = Readonly<Record<string, number | string>>;

/** A way to do the work: a library at one of its interfaces, or a program in another language. */
export interface Contender {
  /** Short, for the command line: `edgewise`, `edgewise-handlers`, `node`, `c`, `libuv`. */
  readonly name: string;
  /** For tables and plots: `edgewise reactor`, `node:net`, `C epoll`. */
  readonly label: string;
  readonly family: 'edgewise' | 'javascript' | 'native';
  /** Takes part only when it is named. */
  readonly isOnDemand?: boolean;
  /** The contender of this checkout that it is the counterpart of, in another checkout. */
  readonly baselineOf?: string;
  /** Looks for it and, where it must be compiled, compiles it. Called once, and only if chosen. */
  locate(): Promise<Located | Missing>;
}

export interface Located {
  readonly version: string;
  /** The command for a role it can play; undefined: it cannot. */
  command(role: Role, setting: Setting): Command | undefined;
}

export interface Missing {
  /** One line: what was looked for and not found. */
  readonly reason: string;
  /** One line: how to install it. */
  readonly install: string;
}

/** How a value is read. `cpuUs`: microseconds of CPU, user and system, per operation. */
export interface Metric {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** Also a table of medians has its lowest and highest round. */
  readonly isSpreadShown?: boolean;
}

/** Name of metric -> value; absent: not measured. */
export type Values = Readonly<Record<string, number>>;

/** One round of one contender. Rounds of the same index were measured next to each other. */
export interface Round {
  readonly values: Values;
  /** Latencies in nanoseconds: an HdrHistogram in its V2 compressed form, base64. */
  readonly latency?: string;
  /** The round failed first, and was measured once more: one line on why. */
  readonly retried?: string;
  /** Absent: this system does not say, or a file of earlier versions. */
  readonly disturbance?: Disturbance;
}

/** What else the machine did while a round was measured: shares of its time, 0 is nothing. */
export interface Disturbance {
  /** CPU time of the CPUs in use that the hypervisor has given to others. */
  readonly steal: number;
  /** CPU time of the CPUs in use that neither the server nor the load has used. */
  readonly otherLoad: number;
  /**
   * For how long threads of the server were ready and waited for others on its CPU. Absent: it is
   * not pinned, and waits for the load and for itself.
   */
  readonly runQueueDelay?: number;
}

export interface Measurement {
  readonly contender: string;
  readonly rounds: readonly Round[];
  /** Measured once, in a run of their own: syscalls per operation, memory per connection. */
  readonly once: Values;
  /** io_urings that its process holds after the rounds. */
  readonly ioUrings?: number;
  /** Name of system call -> calls per operation. */
  readonly syscalls?: Values;
}

/** How a case was to be measured, whatever came of it. */
export interface CasePlan {
  readonly contenders: readonly string[];
  readonly rounds: number;
  /** With `--quick`. */
  readonly isQuick: boolean;
  /** The length of a round; absent, as what follows: its programs measure themselves. */
  readonly seconds?: number;
  /** Load before each round that is not counted. */
  readonly warmupSeconds?: number;
  /** Load before the first round that is not counted. */
  readonly settleSeconds?: number;
}

/** What one scenario has found for one setting. */
export interface Case {
  readonly scenario: string;
  readonly setting: Setting;
  /** Absent in files of earlier versions. */
  readonly plan?: CasePlan;
  readonly measurements: readonly Measurement[];
  /** Contenders that failed: their name -> one line. The rounds before it are measurements. */
  readonly failures: Readonly<Record<string, string>>;
}

export interface ScenarioInfo {
  /** `tcp-echo` */
  readonly name: string;
  readonly title: string;
  /** One line: what one operation is. */
  readonly operation: string;
  readonly metrics: readonly Metric[];
  /** Name of the metric that is the figure of merit. */
  readonly merit: string;
  /** Ratios are shown to these contenders, where they were measured. */
  readonly bases: readonly string[];
  /** The setting that a plot over the cases has on its x axis: `connections`. */
  readonly axis?: string;
}

/** What a machine did while nothing was measured: of all its CPUs, without the suite. */
export interface MachineLoad {
  /** Share of their time that the hypervisor has given to others. */
  readonly steal: number;
  /** Share of their time that others have used. */
  readonly otherLoad: number;
  /** How many threads of others were running or ready to run, as a mean. */
  readonly runQueue: number;
}

/** The file that a run writes. */
export interface Results {
  readonly format: 'edgewise-bench/1';
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  /** The command line that makes it again. */
  readonly command: string;
  /** The checkout of `--baseline`. */
  readonly baseline?: { readonly folder: string; readonly version: string };
  readonly machine: Machine;
  /** Around the measurements; each is absent where this system does not say. During them: `Round`. */
  readonly load?: { readonly before?: MachineLoad; readonly after?: MachineLoad };
  readonly contenders: readonly ContenderInfo[];
  readonly missing: readonly (Missing & { readonly name: string })[];
  readonly scenarios: readonly ScenarioInfo[];
  readonly cases: readonly Case[];
}

export interface ContenderInfo {
  readonly name: string;
  /** As `Contender` has it. */
  readonly baselineOf?: string;
  readonly label: string;
  readonly family: Contender['family'];
  readonly version: string;
}

export interface Machine {
  readonly kernel: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly node: string;
  readonly libuv: string;
  /** Whether the suite's own libuv uses io_uring: `on`, `off` and why. */
  readonly ioUring: string;
  readonly edgewise: string;
  /** `server on CPU 0, load on CPU 1`, or that they are not pinned. */
  readonly pinning: string;
}
