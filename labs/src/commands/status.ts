// `edgewise lab status [DIR]`: how far the labs are.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { configuredLabs, readConfig } from '../config.ts';
import { firstOpen, type Kept, type KeptLab, readKept } from '../kept.ts';
import type { Check, Lab } from '../lab.ts';
import { cut, table } from '../wrap.ts';
import type { Command } from './command.ts';
import { columnsOf } from './display.ts';
import { FOLDER_OPERAND, readableFolder } from './words.ts';

const FOLDER_COLUMNS = 20;
const HEADER = ['lab', 'folder', 'points', 'last run', 'first open check'];

export const status: Command = {
  name: 'status',
  summary: 'folder, points, last run and first open check of each lab',
  description:
    'Reads what `check` has left in DIR (this folder by default) and in the folders\n' +
    'in it. Grades nothing.',
  operands: [FOLDER_OPERAND],
  options: {},
  async run(options) {
    const folder = readableFolder(options.has('DIR') ? options.text('DIR') : '.');
    const found = foldersIn(folder).map((each) => [each, readKept(each)] as const);
    const rows = configuredLabs(readConfig()).flatMap((lab) => rowsOf(lab, found));
    process.stdout.write(table(fitted([HEADER, ...rows], columnsOf(process.stdout))));
    return 0;
  },
};

function foldersIn(folder: string): string[] {
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...inner.map(({ name }) => join(folder, name))];
}

/** A row for each folder in which the lab was graded. */
function rowsOf(lab: Lab, found: readonly (readonly [folder: string, kept: Kept])[]): string[][] {
  const rows = found.flatMap(([folder, all]) => {
    const kept = all[lab.number];
    return kept === undefined ? [] : [rowOf(lab, folder, kept)];
  });
  return rows.length > 0 ? rows : [[`${lab.number}`, '–', '–', '–', '']];
}

function rowOf(lab: Lab, folder: string, kept: KeptLab): string[] {
  const { number, checks } = lab;
  const open = firstOpen(lab, kept);
  const sumOf = (of: (check: Check) => number): number =>
    checks.reduce((sum, check) => sum + of(check), 0);
  const score = sumOf(({ id }) => kept.checks[id]?.score ?? 0);
  const total = sumOf(({ id, points }) => kept.checks[id]?.maxScore ?? points);
  const last = kept.lastRun.slice(0, 16).replace('T', ' ');
  const what = open === undefined ? '' : `${open.id} ${open.name}`;
  return [`${number}`, cut(folder, FOLDER_COLUMNS), `${score}/${total}`, last, what];
}

/** The same with a last column that ends where the line does. */
function fitted(rows: readonly string[][], columns: number): string[][] {
  const others = HEADER.slice(0, -1).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? '').length + 2)),
  );
  const room = columns - others.reduce((sum, width) => sum + width, 0);
  return rows.map((row) => [...row.slice(0, -1), cut(row.at(-1) ?? '', Math.max(room, 5))]);
}
