// The words of a command line as what they stand for: a lab, a student's folder, checks.
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hint } from '../config.ts';
import type { Check, Lab } from '../lab.ts';
import { labs as allLabs } from '../labs.ts';
import { shellWord } from '../shell-word.ts';
import { type Options, UsageError } from './command.ts';

export const LABS_MAX = 8;
export const LAB_OPERAND = { name: 'N' } as const;
export const FOLDER_OPERAND = { name: 'DIR', isOptional: true } as const;

/** The lab with the number, or the folder, of operand N. */
export function labOf(options: Options, labs: readonly Lab[]): Lab {
  const word = options.text('N').replace(/\/$/, '');
  const lab = labs.find(({ number, folder }) => word === `${number}` || word === folder);
  if (lab !== undefined) return lab;
  throw new UsageError(`there is no lab '${word}'; N is ${numbersOf(labs)}: npx edgewise lab list`);
}

export function labWith(number: number, labs: readonly Lab[]): Lab {
  const lab = labs.find((each) => each.number === number);
  if (lab !== undefined) return lab;
  throw new UsageError(`there is no lab ${number} here: npx edgewise lab list`);
}

/** The lab behind another one. */
export function nextOf(lab: Lab, labs: readonly Lab[]): number | undefined {
  return labs.find(({ number }) => number > lab.number)?.number;
}

function numbersOf(labs: readonly Lab[]): string {
  return labs.map(({ number }) => number).join(', ');
}

/** The student's folder: operand DIR, the lab's usual name, or this one. */
export function folderOf(options: Options, lab: Lab): string {
  if (!options.has('DIR')) return existsSync(lab.folder) ? lab.folder : '.';
  const folder = options.text('DIR');
  const words = `npx edgewise lab start ${lab.number} ${shellWord(folder)}`;
  return readableFolder(folder, `: ${words} makes one`);
}

/** The same, where something of the lab is. @throws UsageError - nothing of it is there. */
export function workFolderOf(options: Options, lab: Lab): string {
  const folder = folderOf(options, lab);
  const isThere = hasWork(folder, lab);
  if (isThere && (options.has('DIR') || !isOfAnotherLab(folder, lab))) return folder;
  const { number } = lab;
  if (options.has('DIR')) {
    throw new UsageError(`lab ${number} is not in ${folder}: it has no ${lab.files[0]}`);
  }
  throw new UsageError(
    `lab ${number} is not here: npx edgewise lab start ${number}; ` +
      `in a folder with another name: npx edgewise lab check ${number} DIR`,
  );
}

/** Whether a folder has one of the files that are to be completed, in TypeScript or JavaScript. */
export function hasWork(folder: string, { files }: Lab): boolean {
  const names = files.flatMap((file) => [file, file.replace(/\.ts$/, '.js')]);
  return names.some((name) => existsSync(join(folder, name)));
}

// Labs have files of the same names; `start` writes whose folder it is.
function isOfAnotherLab(folder: string, { number }: Lab): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name?: unknown;
    };
    return allLabs.some((other) => other.folder === name && other.number !== number);
  } catch {
    return false;
  }
}

/** @throws UsageError - it is none, or cannot be read. */
export function readableFolder(folder: string, help = ''): string {
  try {
    if (!statSync(folder).isDirectory()) throw new UsageError(`${folder} is no folder`);
    accessSync(folder, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`there is no folder ${folder}${help}`);
    throw new UsageError(`${folder} cannot be read: ${code}`);
  }
  return folder;
}

/** The check with an id. */
export function checkWith(id: string, labs: readonly Lab[]): { lab: Lab; check: Check } {
  for (const lab of labs) {
    const check = lab.checks.find((each) => each.id === id);
    if (check !== undefined) return { lab, check };
  }
  const [number] = id.split('.');
  const lab = labs.find((each) => `${each.number}` === number);
  if (lab === undefined) {
    throw new UsageError(`there is no check '${id}': npx edgewise lab list has the labs`);
  }
  const ids = lab.checks.map((each) => each.id);
  if (id === number) {
    throw new UsageError(`${id} is a lab; its checks are ${ids[0]} to ${ids.at(-1)}`);
  }
  throw new UsageError(`there is no check '${id}'${hint(id, ids)}`);
}

/** The ids of `--only`, which must be the lab's. */
export function onlyOf(
  options: Options,
  { number }: Lab,
  labs: readonly Lab[],
): string[] | undefined {
  if (!options.has('only')) return undefined;
  const ids = options.texts('only');
  for (const id of ids) {
    const { lab } = checkWith(id, labs);
    if (lab.number === number) continue;
    throw new UsageError(`${id} is a check of lab ${lab.number}, and lab ${number} is graded`);
  }
  return ids;
}

/** A file that is to be written later can be: its folder is there. */
export function writablePath(path: string): string {
  const folder = join(path, '..');
  try {
    accessSync(folder, constants.W_OK);
    if (existsSync(path) && statSync(path).isDirectory())
      throw new UsageError(`${path} is a folder`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
  return path;
}
