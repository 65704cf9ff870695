// One run of a test on a simulated machine, from its start to what is left open.
import { EdgewiseError } from '../errors.ts';
import { installKernel, type KernelBelow } from '../kernel.ts';
import { setPipesAside } from '../net/index.ts';
import { setDefaultReactorAside } from '../reactor/index.ts';
import type { TraceData } from '../trace/index.ts';
import { describeFile, describeOpen } from './describe.ts';
import { type Escape, Escapes } from './escapes.ts';
import { changingKernelPart } from './kernel/addon.ts';
import { Machine } from './kernel/machine.ts';
import type { KernelOptions } from './kernel/options.ts';
import { simulateNodeTimers } from './node-timers.ts';
import { ProcessSignals } from './process-signals.ts';
import { RunLoop } from './run-loop.ts';
import { RunTrace } from './run-trace.ts';
import { Simulation } from './simulation.ts';
import { logOf, sentenceOf, storyOf } from './story.ts';

/** The test. */
export type Body = (sim: Simulation) => Promise<void> | void;

/** What a run is made with. */
export interface RunOptions extends KernelOptions {
  /** What of Node it may use beside the machine, in real time. */
  readonly allow: readonly Escape[];
  /** Whether Node's own timers, Date and Math.random are those of the machine. */
  readonly timers: 'real' | 'simulated';
  /** Passes of Node's loop without a call, after which promises are taken to have come to rest. */
  readonly settleRounds: number;
  /** Whether its reactors are traced. */
  readonly isTraced: boolean;
  /** Whether what is left open at the end is an error. */
  readonly leaks: 'error' | 'allowed';
}

/** How a run ended. */
export interface Outcome {
  /** undefined: well. */
  readonly error: unknown;
  readonly choices: readonly number[];
  /** What was unkind, and its last calls before it failed; '' when it ended well. */
  readonly story: string;
  /** All of its calls, which are the same whenever its choices are the same. */
  readonly log: () => readonly string[];
  /** What its reactors have done; undefined when it was not traced. */
  readonly trace: TraceData | undefined;
  /** Virtual milliseconds. */
  readonly elapsedMs: number;
  readonly callCount: number;
}

const NS_PER_MS = 1e6;
const RANDOM_VALUES = 2 ** 16;

/** The kernel of a simulation, in place of the real one until `uninstall`: one machine at a time. */
export class InstalledKernel {
  readonly uninstall: () => void;
  #below!: KernelBelow;
  #machine!: Machine;

  constructor() {
    this.uninstall = installKernel((below) => {
      this.#below = below;
      return changingKernelPart(() => this.#machine, below);
    });
  }

  /** A new machine. */
  boot(options: KernelOptions): Machine {
    this.#machine = new Machine(this.#below, options);
    return this.#machine;
  }
}

/** Runs a test once. */
export async function runOnce(
  kernel: InstalledKernel,
  options: RunOptions,
  body: Body,
): Promise<Outcome> {
  const errors: unknown[] = [];
  const machine = kernel.boot(options);
  const putBack = setDefaultReactorAside();
  const putPipesBack = setPipesAside();
  const runTrace = new RunTrace(options.isTraced);
  machine.journal.onUnkind = (entry) => runTrace.mark(sentenceOf(entry));
  const processSignals = new ProcessSignals(machine.clock);
  machine.signals.add(processSignals);
  let story = '';
  const catching = catchUncaught((error) => errors.push(error));
  try {
    await runBody(machine, options, body, errors);
  } catch (error) {
    errors.push(error);
  } finally {
    catching();
    processSignals.end();
    // What is closed behind an error explains nothing.
    story = errors.length > 0 ? storyOf(machine.journal.entries) : '';
    const reactor = putBack();
    try {
      reactor?.close();
    } catch (error) {
      errors.push(error);
    }
    putPipesBack();
  }
  const trace = runTrace.end();
  if (options.leaks === 'error') errors.push(...leaksOf(machine));
  const [error] = errors;
  return {
    error,
    choices: machine.tape.choices,
    story,
    log: () => logOf(machine.journal.entries),
    trace,
    elapsedMs: machine.clock.elapsedNs / NS_PER_MS,
    callCount: machine.callCount,
  };
}

// What a handler throws in a reactor that is inside the loop has no caller, and a promise may have none.
function catchUncaught(onError: (error: unknown) => void): () => void {
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', onError);
  process.setUncaughtExceptionCaptureCallback(onError);
  return () => {
    process.setUncaughtExceptionCaptureCallback(null);
    process.off('unhandledRejection', onError);
    for (const listener of listeners) process.on('unhandledRejection', listener);
  };
}

async function runBody(
  machine: Machine,
  { timers, allow, settleRounds }: RunOptions,
  body: Body,
  errors: unknown[],
): Promise<void> {
  const { clock, tape } = machine;
  // Numbers of the program are choices as well: a kinder run has kinder ones.
  const random = (): number => tape.choose(RANDOM_VALUES, 1) / RANDOM_VALUES;
  const nodeTimers = timers === 'simulated' ? await simulateNodeTimers(clock, random) : undefined;
  try {
    const loop = new RunLoop(machine, nodeTimers, new Escapes(), allow, settleRounds);
    machine.network.rules.onError = (error) => errors.push(error);
    await runInLoop(machine, loop, body, errors);
  } finally {
    nodeTimers?.end();
  }
}

async function runInLoop(
  machine: Machine,
  loop: RunLoop,
  body: Body,
  errors: unknown[],
): Promise<void> {
  const sim = new Simulation(machine, loop);
  let isDone = false;
  const running = (async () => body(sim))()
    .catch((error: unknown) => errors.push(error ?? new Error('it failed with nothing')))
    .finally(() => {
      isDone = true;
    });
  await loop.run(
    () => isDone || errors.length > 0,
    () => describeOpen(machine),
  );
  if (errors.length > 0) return;
  await running;
  const { inertFault } = sim;
  if (inertFault !== undefined) throw new EdgewiseError('ERR_SIM_INERT', inertFault);
}

function leaksOf(machine: Machine): EdgewiseError[] {
  const { numbers } = machine.table;
  if (numbers.length === 0) return [];
  const files = numbers.map((fd) => describeFile(machine, fd)).join(', ');
  return [new EdgewiseError('ERR_SIM_LEAK', `left open at the end: ${files}`)];
}
