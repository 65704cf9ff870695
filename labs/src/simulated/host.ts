// `node host.js MODULE FUNCTION FILE SEED RUNS`: calls a function of a lab with a student's file, and prints
// what it has found.
import { pathToFileURL } from 'node:url';
import type { Miss } from '../lab.ts';
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

// The reason is the check's, or that of the simulation: ERR_SIM_DEADLOCK.
function verdictOf(error: unknown): Verdict {
  const { message, code, why, got, values } = error as Partial<Miss> & NodeJS.ErrnoException;
  if (why !== undefined) {
    // `simulate` has put the calls that led to it behind the message of a Miss.
    const story = message?.slice(`${why}: `.length) ?? got ?? '';
    return { isRight: false, why, got: story, values: values ?? {} };
  }
  if (code === 'ERR_SIM_DEADLOCK') return { isRight: false, why: 'stuck', got: message ?? '' };
  const { stack } = error as Error;
  return { isRight: false, got: stack ?? String(error) };
}

const verdict = await judge({ program, seed: Number(seed), runs: Number(runs) });
console.log(`\nverdict ${JSON.stringify(verdict)}`);
process.exit();
