// What `simulate` throws: the error of the kindest run that fails, with what was unkind in it, how to run it
// again, and where its trace is.
import { errnoCode } from '../errors.ts';
import type { Outcome, RunOptions } from './run.ts';
import { writeRun } from './run-trace.ts';
import { shrink, withoutZeros } from './shrink.ts';
import { textOfChoices } from './tape-text.ts';

/** The run that an error of `simulate` is of: its property `simulation`. */
export interface FailedRun {
  /** Which run it was, from 1. */
  readonly run: number;
  /** The seed of its choices, before they were made kinder; undefined: they are of none. */
  readonly seed: number | undefined;
  /** The choices that are left, as EDGEWISE_SIM takes them. */
  readonly choices: string;
  /** How many of them are not the kindest. */
  readonly unkindCount: number;
  /** What was unkind, and the last calls, as lines. */
  readonly story: string;
  /** The file of its trace; undefined: none was written. */
  readonly trace: string | undefined;
}

/** Which run has failed, and how much is done about it. */
export interface Failing {
  readonly run: number;
  readonly runs: number;
  /** It is a recorded run, which was made kinder before. */
  readonly isReplay: boolean;
  readonly shrinkMs: number;
  /** A folder; undefined: the one for temporary files; false: none is written. */
  readonly trace: string | false | undefined;
}

/** @returns what is thrown: the error of the program, where it is one, with more to its message. */
export async function explain(
  options: RunOptions,
  { error, choices }: Outcome,
  runOne: (options: RunOptions) => Promise<Outcome>,
  failing: Failing,
): Promise<unknown> {
  const { isReplay, shrinkMs, trace: folder } = failing;
  const fails = async (tape: readonly number[]): Promise<boolean> =>
    (await runOne({ ...options, tape, isTraced: false })).error !== undefined;
  const tape = isReplay ? withoutZeros(choices) : await shrink(choices, fails, shrinkMs);
  const shown = { ...options, tape, isTraced: folder !== false };
  const last = await runOne(shown);
  const cause = last.error ?? error;
  if (!(cause instanceof Error)) return cause;
  const simulation: FailedRun = {
    run: failing.run,
    seed: typeof options.tape === 'number' ? options.tape : undefined,
    choices: textOfChoices(tape),
    unkindCount: countUnkind(tape),
    story: last.story,
    trace: undefined,
  };
  const [trace, seeing] = traceLineOf(last, folder);
  const lines = [
    cause.message,
    '',
    headingOf(simulation, failing.runs, countUnkind(choices)),
    simulation.story,
    ...(last.error === undefined ? ['it does not fail again by the same choices'] : []),
    `again: EDGEWISE_SIM='${simulation.choices}'`,
    ...seeing,
  ];
  // The message of a DOMException, for one, has no setter.
  const message = { value: lines.join('\n'), configurable: true, writable: true };
  Object.defineProperty(cause, 'message', message);
  return Object.assign(cause, { simulation: { ...simulation, trace } });
}

function headingOf(
  { seed, run, unkindCount }: FailedRun,
  runs: number,
  unkindBefore: number,
): string {
  const place = `run ${run} of ${grouped(runs)}`;
  const origin = seed === undefined ? place : `seed ${seed}, ${place}`;
  const choices = unkindCount === 1 ? 'choice remains' : 'choices remain';
  return `${origin}; ${grouped(unkindCount)} unkind ${choices} of ${grouped(unkindBefore)}:`;
}

// A file that cannot be written must not hide what has failed.
function traceLineOf(
  { trace }: Outcome,
  folder: string | false | undefined,
): readonly [path: string | undefined, lines: readonly string[]] {
  if (trace === undefined || folder === false) return [undefined, []];
  try {
    const path = writeRun(trace, folder);
    return [path, [`see it: npx edgewise view ${path}`]];
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    return [undefined, [`no trace could be written: ${errnoCode(errno)}`]];
  }
}

function countUnkind(choices: readonly number[]): number {
  return choices.filter((choice) => choice !== 0).length;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
