// `edgewise lab check N [DIR]`: grades a folder.
import { appendFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { configuredLabs, readConfig } from '../config.ts';
import { actionsSummaryOf, type FormatName, formats } from '../formats/index.ts';
import type { TextOptions } from '../formats/text.ts';
import { keep } from '../kept.ts';
import { gradeRepeatedly } from '../repeat.ts';
import type { LabResult } from '../result.ts';
import type { Command } from './command.ts';
import { columnsOf, Display, hasColor } from './display.ts';
import {
  FOLDER_OPERAND,
  folderOf,
  LAB_OPERAND,
  labOf,
  nextOf,
  onlyOf,
  workFolderOf,
  writablePath,
} from './words.ts';

const NAMES = Object.keys(formats) as FormatName[];
const SEED_MAX = 2 ** 31 - 1;
const REPEAT_MAX = 1000;

export const check: Command = {
  name: 'check',
  summary: 'grade a lab: what fails, why, and what to try',
  description:
    'Runs the checks of lab N on the programs in DIR, by default the folder that\n' +
    '`start` makes, or this one. The first failure is printed in full, the rest one\n' +
    `line each. Formats:\n${NAMES.join(', ')}.\n` +
    'Exit code 0: all passed; 1: some failed; 2: bad arguments; 3: the grader\n' +
    'itself failed.',
  operands: [LAB_OPERAND, FOLDER_OPERAND],
  options: {
    only: { value: 'ID,ID', help: 'these checks alone' },
    format: { value: 'F', help: 'how the result is written', default: 'text' },
    out: { value: 'FILE', help: 'write it there, and text to standard output' },
    seed: { value: 'S', help: 'sizes and orders come from it (1)' },
    repeat: { value: 'K', help: 'grade so often; a check must pass each time (1)' },
    quick: { help: 'smaller sizes and fewer seeds' },
    'allow-empty': { help: 'grade a folder without any file of the lab: 0 points' },
    'no-trace': { help: 'leave no trace of failing runs in DIR/.edgewise' },
  },
  async run(options) {
    const config = readConfig();
    const labs = configuredLabs(config);
    const lab = labOf(options, labs);
    const folder = options.has('allow-empty') ? folderOf(options, lab) : workFolderOf(options, lab);
    const only = onlyOf(options, lab, labs);
    const format = options.choice('format', NAMES);
    const out = options.has('out') ? writablePath(options.text('out')) : undefined;
    const seed = options.has('seed') ? options.integer('seed', 0, SEED_MAX) : config.seed;
    const repeat = options.has('repeat') ? options.integer('repeat', 1, REPEAT_MAX) : config.repeat;
    const count = (only?.length ?? lab.checks.length) * (repeat ?? 1);
    const isShown = format === 'text' || process.stdout.isTTY === true;
    const display = new Display(isShown ? process.stderr : undefined, count);
    endOnSignals();
    const result = await gradeRepeatedly(
      lab,
      {
        folder,
        ...(seed !== undefined && { seed }),
        ...(only !== undefined && { only }),
        isQuick: options.has('quick') || config.quick === true,
        keepsTraces: !options.has('no-trace'),
        onProgress: display.onProgress,
      },
      repeat ?? 1,
    );
    display.end();
    keepQuietly(folder, result);
    write(result, format, out, nextOf(lab, labs));
    return exitCodeOf(result);
  },
};

/** 1: a check has failed. */
export function exitCodeOf({ checks }: LabResult): number {
  return checks.some(({ status }) => status === 'failed') ? 1 : 0;
}

/** A signal ends the programs under test as well: they hang on the exit of this process. */
export function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}

/** A folder that cannot be written is graded all the same. */
export function keepQuietly(folder: string, result: LabResult): void {
  try {
    keep(folder, result);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    process.stderr.write(`edgewise: ${folder} remembers nothing of this run: ${code}\n`);
  }
}

/** How text looks on a stream. */
export function lookOf(stream: NodeJS.WriteStream, nextLab: number | undefined): TextOptions {
  return {
    hasColor: hasColor(stream),
    columns: columnsOf(stream),
    ...(nextLab !== undefined && { nextLab }),
  };
}

function write(
  result: LabResult,
  format: FormatName,
  out: string | undefined,
  nextLab: number | undefined,
): void {
  const { stdout, env } = process;
  const look = lookOf(stdout, nextLab);
  if (out === undefined) stdout.write(formats[format](result, { ...look, env }));
  else {
    writeFileSync(out, formats[format](result, { env }));
    stdout.write(formats.text(result, look));
  }
  const { GITHUB_STEP_SUMMARY: page = '' } = env;
  if (format === 'actions' && page !== '') appendFileSync(page, actionsSummaryOf(result));
}
