// `edgewise lab status [DIR]`: how far the labs are.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { configuredLabs, readConfig } from '../config.ts';
import { firstOpen, type Kept, readKept } from '../kept.ts';
import type { Lab } from '../lab.ts';
import { cut, table } from '../wrap.ts';
import type { Command } from './command.ts';
import { FOLDER_OPERAND, readableFolder } from './words.ts';

const TITLE_COLUMNS = 24;
const OPEN_COLUMNS = 24;

export const status: Command = {
  name: 'status',
  summary: 'points, last run and first open check of each lab',
  description:
    'Reads what `check` has left in DIR (this folder by default) and in the folders\n' +
    'in it. Grades nothing.',
  operands: [FOLDER_OPERAND],
  options: {},
  async run(options) {
    const kept = newest(readableFolder(options.has('DIR') ? options.text('DIR') : '.'));
    const rows = configuredLabs(readConfig()).map((lab) => rowOf(lab, kept));
    const header = ['lab', 'title', 'points', 'last run', 'first open check'];
    process.stdout.write(table([header, ...rows]));
    return 0;
  },
};

function newest(folder: string): Kept {
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const folders = [folder, ...inner.map(({ name }) => join(folder, name))];
  const all: Record<string, Kept[string]> = {};
  for (const [number, lab] of folders.flatMap((each) => Object.entries(readKept(each)))) {
    const known = all[number];
    if (known === undefined || known.lastRun < lab.lastRun) all[number] = lab;
  }
  return all;
}

function rowOf(lab: Lab, all: Kept): string[] {
  const { number, title, checks } = lab;
  const kept = all[number];
  const open = firstOpen(lab, kept);
  const score = checks.reduce((sum, { id }) => sum + (kept?.checks[id]?.score ?? 0), 0);
  const total = checks.reduce(
    (sum, { id, points }) => sum + (kept?.checks[id]?.maxScore ?? points),
    0,
  );
  const points = kept === undefined ? '–' : `${score}/${total}`;
  const last = kept === undefined ? '–' : kept.lastRun.slice(0, 16).replace('T', ' ');
  const what = open === undefined ? '' : cut(`${open.id} ${open.name}`, OPEN_COLUMNS);
  return [`${number}`, cut(title, TITLE_COLUMNS), points, last, kept === undefined ? '' : what];
}
