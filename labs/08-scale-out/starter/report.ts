// Measures the models, and writes report.json. Lab 8, task d: `node report.ts`, on a machine that does nothing else.
import { writeFileSync } from 'node:fs';
import { type Figures, MODELS, type Model } from './measure.ts';

/** One measurement; `rounds` of a report has them in the order in which they were made. */
export interface Row extends Figures {
  /** From 1 on. */
  readonly round: number;
  readonly model: Model;
}

/** Of the rounds of one model. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Figure {
  /** Which clock it is of. */
  readonly clock: 'cpu' | 'wall';
  readonly models: Record<Model, Summary>;
}

export interface Report {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly system: string;
    readonly node: string;
  };
  readonly rounds: readonly Row[];
  readonly figures: Record<keyof Figures, Figure>;
}

const models = Object.keys(MODELS) as Model[];
// Task d: at least 5 rounds. What may change from one minute to the next has to hit all models alike.
const rounds: Row[] = [];
console.log(`${rounds.length} rounds of ${models.join(', ')}`);
writeFileSync(new URL('report.json', import.meta.url), JSON.stringify({ rounds }, undefined, 2));
