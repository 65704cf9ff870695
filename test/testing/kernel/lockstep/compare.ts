// Runs many scripts and, when one shows a difference, shrinks it and puts it into words.
import { Random } from '../../../helpers/random.ts';
import { Run } from './run.ts';
import { randomScript, type Script, shrink } from './script.ts';
import { SimulatedSide } from './sides.ts';

/** What has come out. */
export interface Comparison {
  /** The first difference; undefined: there was none. */
  readonly failure: string | undefined;
  /** How often each call was made, by its kind of descriptor and its result. */
  readonly seen: ReadonlyMap<string, number>;
  /** Differences that were gone in a second run: the real kernel was slow. */
  readonly unsteady: readonly string[];
}

/** Script `index` has the seed `seed + index`, so it can be replayed alone. */
export function compareInStep(
  seed: number,
  scriptCount: number,
  makeSide = () => new SimulatedSide(),
): Comparison {
  const unsteady: string[] = [];
  const seen = new Map<string, number>();
  let place = seed;
  const runOf = (script: Script): Run => new Run(script, place++, makeSide());
  const fails = (script: Script): boolean =>
    runOf(script).difference !== undefined && runOf(script).difference !== undefined;
  for (let index = 0; index < scriptCount; index++) {
    const script = randomScript(new Random(seed + index));
    const first = runOf(script);
    for (const line of first.trace) count(seen, line);
    if (first.difference === undefined) continue;
    const smallest = fails(script) ? runOf(shrink(script, fails)) : undefined;
    if (smallest?.difference === undefined) {
      unsteady.push([first.difference, ...first.trace].join('\n  '));
      continue;
    }
    const replay = `EDGEWISE_SEED=${seed + index} EDGEWISE_SCRIPTS=1 npx vitest run test/testing/kernel`;
    return {
      failure: [smallest.difference, ...smallest.trace, replay].join('\n  '),
      unsteady,
      seen,
    };
  }
  return { failure: undefined, unsteady, seen };
}

// Without the numbers: 'write 96 to tcp 2: 96' is 'write to tcp', and one that fails has the name of its error.
function count(seen: Map<string, number>, line: string): void {
  const name = line.replace(/:? -?\d+/g, '').trim();
  seen.set(name, (seen.get(name) ?? 0) + 1);
}

/** The first difference of a kernel that is known to have one, as it is found. */
export function firstDifference(
  seed: number,
  scriptCount: number,
  makeSide: () => SimulatedSide,
): string | undefined {
  for (let index = 0; index < scriptCount; index++) {
    const script = randomScript(new Random(seed + index));
    const { difference } = new Run(script, seed + index, makeSide());
    if (difference !== undefined) return difference;
  }
  return undefined;
}
