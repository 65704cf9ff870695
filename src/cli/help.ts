// The texts of --help, for `edgewise` and for commands that have commands of their own.
import { optionLines, usageOf } from './arguments.ts';
import type { Command } from './command.ts';

/** A line for each command. */
export function commandLines(commands: readonly Pick<Command, 'name' | 'summary'>[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n');
}

/** @param program - what is before the name: `'edgewise'`. */
export function commandHelp(
  program: string,
  { name, operands, description, options }: Omit<Command, 'run' | 'summary'>,
): string {
  const usage = `usage: ${program} ${name} ${usageOf(operands)}`;
  return `${usage}\n\n${description}\n\nOptions:\n${optionLines(options)}\n`;
}
