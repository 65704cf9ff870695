// `node host.js MODULE FUNCTION FILE SEED RUNS`: calls a function of a lab with a student's file, and prints
// what it has found.
import { pathToFileURL } from 'node:url';
import type { Values } from '../lab.ts';
import type { SimulatedTask, Verdict } from './run.ts';

type Simulated = Record<string, (task: SimulatedTask) => Promise<void>>;

const [module = '', name = '', file = '', seed, runs] = process.argv.slice(2);
const functions = (await import(pathToFileURL(module).href)) as Simulated;
const program = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
const run = functions[name];
if (run === undefined) throw new Error(`${module} exports no ${name}`);

async function judge(task: SimulatedTask): Promise<Verdict> {
  try {
    await run?.(task);
    return { isRight: true };
  } catch (error) {
    return verdictOf(error);
  }
}

interface Failed extends Pick<NodeJS.ErrnoException, 'code' | 'stack' | 'message'> {
  readonly why?: string;
  readonly got?: string;
  readonly values?: Values;
  readonly simulation?: { readonly trace: string | undefined };
}

// The reason is the check's, or that of the simulation: ERR_SIM_DEADLOCK.
function verdictOf(error: unknown): Verdict {
  const { why, got = '', values = {}, code, stack, simulation, message = '' } = error as Failed;
  const { trace } = simulation ?? {};
  const common = { isRight: false, ...(trace !== undefined && { trace }) } as const;
  // `simulate` has put the calls that led to it behind the message.
  const story = message.replace(/\nsee it: .*$/m, '');
  if (why !== undefined) {
    return {
      ...common,
      why,
      got: story.slice(`${why}: `.length) || got,
      values,
    };
  }
  if (code === 'ERR_SIM_DEADLOCK') return { ...common, why: 'stuck', got: story };
  return { ...common, got: stack ?? String(error) };
}

const verdict = await judge({ program, seed: Number(seed), runs: Number(runs) });
console.log(`\nverdict ${JSON.stringify(verdict)}`);
process.exit();
