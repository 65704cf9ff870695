// `edgewise lab view N [DIR]`: the page of the trace that the first failing check has left.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { configuredLabs, readConfig } from '../config.ts';
import { KEPT_FOLDER } from '../grade.ts';
import { readKept } from '../kept.ts';
import type { Lab } from '../lab.ts';
import { edgewiseProgram } from '../root.ts';
import { hasProgram } from '../system.ts';
import { type Command, UsageError } from './command.ts';
import { FOLDER_OPERAND, LAB_OPERAND, labOf, workFolderOf } from './words.ts';

const OPENERS = ['xdg-open', 'open'];

export const view: Command = {
  name: 'view',
  summary: 'the trace of the first failing check, as a page',
  description:
    'Makes a page of the trace that the last failing run has left in DIR/.edgewise,\n' +
    'and prints where it is.',
  operands: [LAB_OPERAND, FOLDER_OPERAND],
  options: { open: { help: 'open it in the browser as well' } },
  async run(options) {
    const lab = labOf(options, configuredLabs(readConfig()));
    const folder = workFolderOf(options, lab);
    const id = failingWithTrace(lab, folder);
    const trace = join(folder, KEPT_FOLDER, `${id}.edgetrace`);
    const page = join(folder, KEPT_FOLDER, `${id}.html`);
    const words = [edgewiseProgram(), 'view', trace, '-o', page];
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`edgewise view ${trace}: ${stderr.trim()}`);
    const url = pathToFileURL(resolve(page)).href;
    process.stdout.write(`${id}: ${url}\nas text: npx edgewise view ${trace}\n`);
    if (options.has('open')) open(url);
    return 0;
  },
};

function failingWithTrace(lab: Lab, folder: string): string {
  const kept = readKept(folder)[lab.number]?.checks ?? {};
  const failed = lab.checks.filter(({ id }) => kept[id]?.status === 'failed');
  const found = failed.find(({ id }) => existsSync(join(folder, KEPT_FOLDER, `${id}.edgetrace`)));
  if (found !== undefined) return found.id;
  const [first] = failed;
  const what =
    first === undefined
      ? `no check of lab ${lab.number} has failed in ${folder}`
      : `${first.id} has left no trace: this check is not recorded`;
  throw new UsageError(what);
}

function open(url: string): void {
  const opener = OPENERS.find(hasProgram);
  if (opener === undefined) throw new UsageError(`neither ${OPENERS.join(' nor ')} is installed`);
  spawnSync(opener, [url], { stdio: 'ignore' });
}
