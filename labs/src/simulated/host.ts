// `node host.js MODULE FUNCTION FILE SEED RUNS`: calls a function of a lab with a student's file, and prints
// what it has found.
import { pathToFileURL } from 'node:url';
import type { SimulatedTask, Verdict } from './run.ts';
import { verdictOf } from './verdict.ts';

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
    return verdictOf(error, file, program);
  }
}

const verdict = await judge({ program, seed: Number(seed), runs: Number(runs) });
console.log(`\nverdict ${JSON.stringify(verdict)}`);
process.exit();
