// The report: its shape and its arithmetic, and whether its figures can be those of such servers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Exam } from '../../src/exam/exam.ts';
import { answered, lineCauses } from '../../src/exam/lines.ts';
import type { Trial } from '../../src/exam/trial.ts';
import { type Check, Miss } from '../../src/lab.ts';

const MODELS = ['blocking', 'thread per connection', 'level', 'edge', 'reactor', 'two reactors'];
const CLOCKS = { shortUs: 'cpu', longUs: 'cpu', lastWaitMs: 'wall' } as const;
const ROUNDS_MIN = 5;

type Figure = keyof typeof CLOCKS;
type Row = { readonly round: number; readonly model: string } & Readonly<Record<Figure, number>>;
type Summary = Readonly<Record<'median' | 'min' | 'max', number>>;

/** As report.ts has it; of what a student hands in nothing is sure. */
interface Report {
  readonly machine: Readonly<Record<string, unknown>>;
  readonly rounds: readonly Row[];
  readonly figures: Readonly<
    Record<string, { readonly clock?: string; readonly models?: Readonly<Record<string, Summary>> }>
  >;
}

const noReport = {
  'no report': {
    why: 'The figures are yours, measured on your machine: the grader only reads them, and finds none that it could read.',
    next: 'complete report.ts, and run it: node report.ts; report.json is what you hand in',
    read: 'the sheet, task d',
  },
} as const;

export const report: Check = {
  id: '8.9',
  name: 'the report: rounds, medians, clocks, machine',
  points: 2,
  task: 'd',
  did: 'read report.json, and made its medians again from its rounds',
  expected: `${ROUNDS_MIN} rounds or more, each with every model once; of each figure its clock, and median, min and max of each model; the machine`,
  causes: {
    ...noReport,
    'too few rounds': {
      why: 'One measurement says nothing about the next one: a second process, a warm cache or a slower clock of the CPU are in it as well. The spread of several rounds shows how much.',
      next: `measure each model ${ROUNDS_MIN} times or more`,
      read: 'the sheet, task d',
    },
    'not alternating': {
      why: 'Row {row} has {model} in the place of another model: a round has each model once. When one model is measured to its end and then the next, what changes meanwhile on the machine is taken for a difference between them.',
      next: 'make the loop over rounds the outer one, and the loop over models the inner one',
      read: 'the sheet, task d; docs/performance.md',
    },
    'wrong figure': {
      why: '{what} is {said} in the report, and {right} of its own rounds.',
      next: 'sort numbers as numbers, (a, b) => a - b; the median is the one in the middle, or the mean of the two',
      read: 'the sheet, task d',
    },
    'wrong clock': {
      why: '{figure} is of the {right} clock. CPU time is what the server has used, however long a client has waited; wall time is what a client has waited, whatever has used the CPU meanwhile. One says nothing about the other.',
      next: 'say "cpu" or "wall" for each figure; measure.ts has which it is',
      read: 'clock_gettime(2); the sheet, task d',
    },
    'no machine': {
      why: 'The report does not say {missing}. Without that no one else knows what the figures are of, or can repeat them.',
      next: 'cpu, cores, system and node: node:os and process.version have them',
      read: 'the sheet, task d',
    },
  },
  async run(exam) {
    const { machine, rounds, figures } = readReport(exam);
    expectRounds(rounds);
    for (const figure of Object.keys(CLOCKS) as Figure[]) {
      const { clock, models } = figures[figure] ?? {};
      for (const model of MODELS) expectSummary(models?.[model], rounds, model, figure);
      const right = CLOCKS[figure];
      const values = { figure, right };
      if (clock !== right) throw new Miss('wrong clock', `${figure}: ${clock ?? 'none'}`, values);
    }
    const said = (name: string): boolean => /\S/.test(String(machine[name] ?? ''));
    const missing = ['cpu', 'cores', 'system', 'node'].filter((name) => !said(name)).join(', ');
    if (missing !== '') throw new Miss('no machine', `it has no ${missing}`, { missing });
  },
};

function readReport({ folder }: Exam): Report {
  let parsed: Partial<Report> | null;
  try {
    parsed = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Miss('no report', code === 'ENOENT' ? 'there is no report.json' : message);
  }
  const { machine, rounds, figures } = parsed ?? {};
  const isRow = (row: unknown): boolean => typeof row === 'object' && row !== null;
  if (!Array.isArray(rounds) || !rounds.every(isRow)) {
    throw new Miss('no report', 'report.json has no list of rounds');
  }
  return { machine: machine ?? {}, rounds, figures: figures ?? {} };
}

function expectRounds(rounds: readonly Row[]): void {
  const count = rounds.length / MODELS.length;
  if (count < ROUNDS_MIN) {
    throw new Miss('too few rounds', `${rounds.length} rows of ${MODELS.length} models`);
  }
  for (let at = 0; at < rounds.length; at += MODELS.length) {
    const round = rounds.slice(at, at + MODELS.length).map(({ model }) => model);
    const twice = round.findIndex((model, i) => round.indexOf(model) !== i);
    const odd = twice < 0 ? round.findIndex((model) => !MODELS.includes(model)) : twice;
    if (odd < 0 && round.length === MODELS.length) continue;
    const model = round[odd] ?? 'nothing';
    const row = at + Math.max(odd, 0) + 1;
    throw new Miss('not alternating', `row ${row} is of ${model}`, { row, model });
  }
}

/** A report may round its figures. */
const ROUNDED = 0.01;

function expectSummary(
  summary: Summary | undefined,
  rounds: readonly Row[],
  model: string,
  figure: Figure,
): void {
  const values = rounds.filter((row) => row.model === model).map((row) => Number(row[figure]));
  const sorted = values.sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (index: number): number => sorted[index] as number;
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  const right = { median, min: at(0), max: at(sorted.length - 1) };
  for (const name of ['median', 'min', 'max'] as const) {
    const said = Number(summary?.[name]);
    if (Math.abs(said - right[name]) <= ROUNDED * right[name]) continue;
    const what = `${name} of ${figure} of ${model}`;
    const shown = { what, said: said.toFixed(2), right: right[name].toFixed(2) };
    throw new Miss('wrong figure', `${what}: ${shown.said}`, shown);
  }
}

/** As in measure.ts. */
const CLIENTS = 4;
const LINES = 10;
/** Between machines and versions of Node; the two models differ by far more. */
const APART_MAX = 8;

export const remeasured: Check = {
  id: '8.10',
  name: 'the report agrees with what is measured here',
  points: 1,
  task: 'd',
  needs: 'proc',
  did: `measured the CPU time of ${CLIENTS} clients with ${LINES} lines each, on a thread per connection and on a level-triggered loop, and compared their ratio with that of shortUs in the report`,
  expected: `the same ratio, within a factor of ${APART_MAX}: machines differ, and not that much`,
  causes: {
    ...noReport,
    ...lineCauses,
    'far apart': {
      why: 'The report has a thread per connection at {said} times the CPU time of a level-triggered loop; here it is {measured} times. To start a thread of Node costs as much as thousands of lines; no machine is so different.',
      next: 'look whether both are in the same unit, and of the same clients; then measure again while nothing else runs',
      read: 'the sheet, task d',
    },
  },
  async run(exam) {
    const { figures } = readReport(exam);
    const said = (model: string): number => Number(figures.shortUs?.models?.[model]?.median);
    const reported = said('thread per connection') / said('level');
    const [threads, level] = await Promise.all(
      ['threads', 'level'].map((name) => exam.start(`models/${name}`)),
    );
    const measured = (await cpuOf(exam, threads as Trial)) / (await cpuOf(exam, level as Trial));
    const apart = Math.max(reported / measured, measured / reported);
    if (apart <= APART_MAX) return;
    const values = { said: reported.toFixed(2), measured: measured.toFixed(0) };
    throw new Miss('far apart', `${values.said} times, not ${values.measured}`, values);
  },
};

async function cpuOf(exam: Exam, server: Trial): Promise<number> {
  const before = server.cpuMs;
  const peers = await exam.connectMany(server, CLIENTS);
  for (let line = 0; line < LINES; line++) {
    for (const peer of peers) peer.write(`line ${line}\n`);
    for (const peer of peers) await answered(exam, server, peer, `line ${line}\n`);
  }
  return server.cpuMs - before; // before they leave: a thread that has ended is not counted any more
}
