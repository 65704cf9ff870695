// Runs many scripts and, when one shows a difference, shrinks it and puts it into words.
import type { Backend } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Random } from '../helpers/random.ts';
import { type Rules, Run } from './runner.ts';
import { randomScript, type Script, shrink } from './script.ts';
import { type MakeSubject, realReactor } from './subject.ts';

/** The back-ends of this platform that sim-set.ts simulates: kqueue is not one of them. */
export const MODELLED = Poller.backends.filter((backend) => backend !== 'kqueue');

export interface Comparison {
  readonly scriptCount: number;
  /** Undefined when reactor and oracle agreed in every script. */
  readonly failure: string | undefined;
}

/** Script `index` of a run has the seed `seed + index`, so it can be replayed alone. */
export function compareScripts(
  backend: Backend,
  seed: number,
  scriptCount: number,
  make: MakeSubject = realReactor,
  rules: Rules = {},
): Comparison {
  for (let index = 0; index < scriptCount; index++) {
    const runOf = (script: Script): Run =>
      new Run(backend, script, make(backend, seed + index), rules);
    const script = randomScript(new Random(seed + index));
    if (runOf(script).difference === undefined) continue;
    const fails = (smaller: Script): boolean => runOf(smaller).difference !== undefined;
    const { difference, trace } = runOf(shrink(script, fails));
    const replay = `EDGEWISE_SEED=${seed + index} EDGEWISE_SCRIPTS=1 repeats it`;
    const failure = [`${backend}: ${difference}`, ...trace, replay].join('\n  ');
    return { scriptCount: index + 1, failure };
  }
  return { scriptCount, failure: undefined };
}
