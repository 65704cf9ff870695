// `simulate`: a test of a program on a simulated machine, many times over; a failure is reported by the kindest
// run that has it.
import { EdgewiseError, invalidValue } from '../errors.ts';
import { checkFunction, checkInteger, checkObject } from '../validate.ts';
import type { Escape } from './escapes.ts';
import { explain } from './failure.ts';
import type { FaultOptions, KernelOptions } from './kernel/options.ts';
import { checkNames, FAULTS, OPTIONS } from './option-names.ts';
import { type Body, InstalledKernel, type Outcome, type RunOptions, runOnce } from './run.ts';
import { writeWhereAsked } from './run-trace.ts';
import { choicesOfText, textOfChoices } from './tape-text.ts';

/** Options of {@link simulate}. */
export interface SimulateOptions extends Omit<KernelOptions, 'tape'> {
  /** How many runs; the first one is without faults by chance, the others have each a seed. Default 1. */
  readonly runs?: number | undefined;
  /** The seed of the second run; the others count on from it. Default 1, or EDGEWISE_SIM_SEED. */
  readonly seed?: number | undefined;
  /**
   * Milliseconds of real time after which no other run begins; the report has how many there were. Default: no
   * limit. One is always made.
   */
  readonly budgetMs?: number | undefined;
  /**
   * Passes of Node's loop without a call of the program, 1 to 1000, after which its promises are taken to have
   * come to rest, and time passes. More are for programs that take more `setImmediate` between two calls.
   * Default 2.
   */
  readonly settleRounds?: number | undefined;
  /** The choices of one run, in place of seeds. */
  readonly choices?: readonly number[] | undefined;
  /** Milliseconds of real time for finding a kinder run that fails. Default 5000. */
  readonly shrinkMs?: number | undefined;
  /** What of Node the program may use beside the machine, in real time. Default: its timers. */
  readonly allow?: readonly Escape[] | undefined;
  /**
   * Whether setTimeout, setInterval, Date, performance.now and Math.random of Node are those of the machine,
   * by the package @sinonjs/fake-timers. Default `'real'`.
   */
  readonly timers?: 'real' | 'simulated' | undefined;
  /**
   * Whether descriptors that are open at the end are an error: `'allowed'` for a program that leaves them to the
   * end of its process. Default `'error'`.
   */
  readonly leaks?: 'error' | 'allowed' | undefined;
  /** Every so many runs one is done twice, and must be the same. Default 50; 0: none. */
  readonly repeatEvery?: number | undefined;
  /**
   * The folder for the trace of a run that fails, which `edgewise view` shows; false: none. It is made when it is
   * not there. Default: the one for temporary files.
   */
  readonly trace?: string | false | undefined;
}

/** What {@link simulate} did. */
export interface SimulateReport {
  /** How often the test was run; fewer than were asked for when there was no time for more. */
  readonly runs: number;
  /** Virtual milliseconds of all runs. */
  readonly elapsedMs: number;
  /** Calls of the kernel in all runs. */
  readonly callCount: number;
}

/**
 * A {@link SimulateReport}, and as a type also nothing: so that a test of node:test, whose types let nothing be
 * returned, can return `simulate(…)`. A property of fast-check must not return it.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: types of node:test let nothing else be returned
export type SimulateResult = SimulateReport & void;

const ALLOWED: readonly Escape[] = ['timers'];
const CHANCES: readonly (keyof FaultOptions)[] = [
  'shortReads',
  'shortWrites',
  'emfile',
  'aborted',
  'interrupted',
  'delay',
  'cut',
  'resets',
  'loss',
  'reorder',
  'duplicate',
  'spurious',
  'order',
];
const SEED_MAX = 0xffff_ffff;
const NESTED =
  'another simulation is running in this thread: await it first, and have tests of one file run one after the other';
let isRunning = false;

/** Runs the test once. */
type Run = (options: RunOptions) => Promise<Outcome>;

/**
 * Runs a test of a program on a simulated machine: what the program does with edgewise inside of `body` has
 * simulated sockets, simulated time, and the faults that are asked for. The program is what it is otherwise.
 *
 * EDGEWISE_SIM in the environment has the one run that a failure has named.
 *
 * @returns what was done, when all runs have ended well.
 * @throws what `body` throws, with the kindest run that throws it, and its last calls, in its message.
 * @throws EdgewiseError - ERR_SIM_NESTED: another one is running in this thread. ERR_SIM_DEADLOCK: `body`
 *   waits, and nothing can come any more. ERR_SIM_ESCAPED: it waits for something of Node that is none of the
 *   machine's. ERR_SIM_INERT: a fault was asked for, and never happened. ERR_SIM_LEAK: descriptors are open
 *   at the end, though the thread's reactor is closed. ERR_LIBRARY_MISSING: @sinonjs/fake-timers. ERR_SIM_UNREPEATABLE: the same choices gave another
 *   run. ERR_SIM_TAPE: EDGEWISE_SIM is none.
 * @throws TypeError, RangeError - wrong options.
 * @example
 * await simulate({ runs: 500, faults: { delayMs: 20, cut: 0.5 } }, async (sim) => {
 *   startServer({ port: 7007 });
 *   const client = await sim.connect(7007);
 *   client.write('hel');
 *   await sim.elapse('20s');
 *   client.write('lo\n');
 *   assert.equal(await client.line(), 'HELLO');
 * });
 */
export async function simulate(options: SimulateOptions, body: Body): Promise<SimulateResult> {
  checkOptions(options);
  checkFunction('body', body);
  if (isRunning) throw new EdgewiseError('ERR_SIM_NESTED', NESTED);
  isRunning = true;
  const kernel = new InstalledKernel();
  try {
    return (await runAll(options, (run) => runOnce(kernel, run, body))) as SimulateResult;
  } finally {
    kernel.uninstall();
    isRunning = false;
  }
}

async function runAll(options: SimulateOptions, run: Run): Promise<SimulateReport> {
  const { runs = 1, repeatEvery = 50, shrinkMs = 5000, budgetMs = Infinity } = options;
  const { allow = ALLOWED, timers = 'real', leaks = 'error', settleRounds = 2 } = options;
  const base = { ...options, allow, timers, leaks, settleRounds, isTraced: false };
  const endMs = performance.now() + budgetMs;
  const isReplay = process.env.EDGEWISE_SIM !== undefined;
  const sum = { runs: 0, elapsedMs: 0, callCount: 0 };
  for (const tape of tapesOf(options)) {
    if (sum.runs > 0 && performance.now() > endMs) break;
    const one: RunOptions = { ...base, tape, isTraced: isReplay && options.trace !== false };
    const outcome = await run(one);
    if (outcome.error !== undefined) {
      const failing = { run: sum.runs + 1, runs, isReplay, shrinkMs, trace: options.trace };
      throw await explain(one, outcome, run, failing);
    }
    if (outcome.trace !== undefined) writeWhereAsked(outcome.trace);
    if (repeatEvery > 0 && sum.runs % repeatEvery === repeatEvery - 1) {
      checkSame(outcome, await run(one));
    }
    sum.runs++;
    sum.elapsedMs += outcome.elapsedMs;
    sum.callCount += outcome.callCount;
  }
  return sum;
}

function* tapesOf({
  runs = 1,
  seed,
  choices,
}: SimulateOptions): Generator<number | readonly number[]> {
  const replay = process.env.EDGEWISE_SIM;
  if (replay !== undefined) yield choicesOfText(replay);
  else if (choices !== undefined) yield choices;
  else {
    const first = seed ?? seedOfEnvironment();
    yield [];
    for (let index = 1; index < runs; index++) yield first + index - 1;
  }
}

function seedOfEnvironment(): number {
  const { EDGEWISE_SIM_SEED: text = '1' } = process.env;
  if (/^\d{1,10}$/.test(text) && Number(text) <= SEED_MAX) return Number(text);
  throw invalidValue('EDGEWISE_SIM_SEED', `a whole number, 0 to ${SEED_MAX}`, text);
}

function checkSame(before: Outcome, again: Outcome): void {
  const logs = [before.log(), again.log()] as const;
  const isSame =
    again.error === undefined &&
    again.elapsedMs === before.elapsedMs &&
    textOfChoices(again.choices) === textOfChoices(before.choices) &&
    logs[0].join('\n') === logs[1].join('\n');
  if (isSame) return;
  const found = logs[0].findIndex((line, index) => line !== logs[1][index]);
  const at = found < 0 ? logs[0].length : found;
  const [first, second] = logs.map((log) => log[at] ?? 'nothing more');
  throw new EdgewiseError(
    'ERR_SIM_UNREPEATABLE',
    'the same choices gave another run: the program looks at Date, Math.random or timers of Node, or at what an ' +
      `earlier run has left. The first difference: '${first}', then '${second}'`,
  );
}

function checkOptions(options: SimulateOptions): void {
  checkObject('options', options);
  checkNames('options', options, OPTIONS);
  const { runs = 1, seed = 0, shrinkMs = 0, repeatEvery = 0, edges = 'linux' } = options;
  checkInteger('options.runs', runs, 1, Number.MAX_SAFE_INTEGER);
  checkInteger('options.seed', seed, 0, SEED_MAX);
  checkInteger('options.shrinkMs', shrinkMs, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('options.budgetMs', options.budgetMs ?? 0, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('options.settleRounds', options.settleRounds ?? 2, 1, 1000);
  checkInteger('options.repeatEvery', repeatEvery, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('options.descriptorsMax', options.descriptorsMax ?? 1, 1, 1 << 20);
  if (edges !== 'linux' && edges !== 'strict') {
    throw invalidValue('options.edges', "'linux' or 'strict'", edges);
  }
  const { faults = {}, timers = 'real' } = options;
  if (timers !== 'real' && timers !== 'simulated') {
    throw invalidValue('options.timers', "'real' or 'simulated'", timers);
  }
  const { trace } = options;
  if (trace !== undefined && trace !== false && (typeof trace !== 'string' || trace === '')) {
    throw invalidValue('options.trace', 'the path of a folder, or false', trace);
  }
  checkObject('options.faults', faults);
  checkNames('options.faults', faults, FAULTS);
  checkInteger('options.faults.delayMs', faults.delayMs ?? 0, 0, 86_400_000);
  for (const name of CHANCES) {
    const chance = faults[name] ?? 0;
    if (typeof chance === 'number' && chance >= 0 && chance <= 1) continue;
    throw invalidValue(`options.faults.${name}`, 'a probability, 0 to 1', chance);
  }
}
