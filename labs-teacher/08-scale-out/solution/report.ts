// Measures the models, and writes report.json.
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { type Figures, MODELS, type Model, measure } from './measure.ts';

const ROUNDS = 5;

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
const rounds: Row[] = [];
// Round by round, not model by model: what else the machine does hits all of them alike.
for (let round = 1; round <= ROUNDS; round++) {
  for (const model of models) rounds.push({ round, model, ...(await measure(model)) });
}

function figureOf(name: keyof Figures, clock: Figure['clock']): Figure {
  const summaries = models.map((model) => {
    const values = rounds.filter((row) => row.model === model).map((row) => row[name]);
    return [model, summaryOf(values)];
  });
  return { clock, models: Object.fromEntries(summaries) };
}

/** @param values - an odd number of them. */
function summaryOf(values: number[]): Summary {
  const sorted = values.sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] as number;
  return { median: at((sorted.length - 1) / 2), min: at(0), max: at(sorted.length - 1) };
}

const report: Report = {
  machine: {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    system: `${os.type()} ${os.release().split('-')[0]} ${os.arch()}`,
    node: process.version,
  },
  rounds,
  figures: {
    shortUs: figureOf('shortUs', 'cpu'),
    longUs: figureOf('longUs', 'cpu'),
    lastWaitMs: figureOf('lastWaitMs', 'wall'),
  },
};
writeFileSync(new URL('report.json', import.meta.url), `${JSON.stringify(report, undefined, 2)}\n`);
