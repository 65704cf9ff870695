// The texts of --help, for `edgewise` and for commands that have commands of their own.
import { nearestOf } from '../nearest.ts';
import { optionLines, type UsageError, unknownWord, usageOf } from './arguments.ts';
import { columnLines, wrapped } from './columns.ts';
import type { Command } from './command.ts';

/** A line for each command. */
export function commandLines(commands: readonly Pick<Command, 'name' | 'summary'>[]): string {
  return columnLines(commands.map(({ name, summary }) => [name, summary] as const));
}

/** @param program - what is before the name: `'edgewise'`. */
export function commandHelp(
  program: string,
  { name, operands, description, options }: Omit<Command, 'run' | 'summary'>,
): string {
  const usage = `usage: ${program} ${name} ${usageOf(operands)}`;
  return `${usage}\n\n${wrapped(description)}\n\nOptions:\n${optionLines(options)}\n`;
}

/** @param prefix - what is before the name of a command: `'lab '`. */
export function unknownCommand(
  word: string,
  commands: readonly Pick<Command, 'name'>[],
  prefix = '',
): UsageError {
  const names = ['help', ...commands.map(({ name }) => name)];
  const nearest = nearestOf(word, names);
  const meant = nearest === undefined ? undefined : `'${prefix}${nearest}'`;
  return unknownWord('command', `${prefix}${word}`, meant);
}
