// `edgewise lab …`: the commands of edgewise-labs, a package of its own. It has tables of commands with the
// shape of those here; they are parsed, and their mistakes reported, as those here are.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  InputError,
  type Operand,
  type Options,
  type OptionTable,
  parseOptions,
  UsageError,
} from './arguments.ts';
import type { Command } from './command.ts';
import { commandHelp, commandLines, unknownCommand } from './help.ts';

const PACKAGE = 'edgewise-labs';
/** The labs cannot grade here: nothing that a program under test does brings it about. */
const GRADER_FAILED = 3;

/** What edgewise-labs exports for the command line. */
interface Labs {
  readonly commands: readonly LabCommand[];
}

interface LabCommand {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly operands?: readonly Operand[];
  readonly options: OptionTable;
  /** @throws Error - with the name `'UsageError'`: bad arguments; any other: the grader has failed. */
  run(options: Options): Promise<number>;
}

export const lab: Command = {
  name: 'lab',
  summary: 'labs of systems programming, with a grader (package edgewise-labs)',
  description:
    'Runs a command of edgewise-labs, if that is installed: npm i -D edgewise-labs. ' +
    "'edgewise lab' lists the commands then, and 'edgewise lab COMMAND --help' the options of one.\n" +
    'Exit code 0: all checks passed; 1: some failed; 2: bad arguments; 3: the grader itself failed.',
  operands: [{ name: 'COMMAND', isOptional: true, rest: 'ARGS' }],
  hasCommands: true,
  options: {},
  async run(options) {
    const path = pathOfLabs();
    if (path === undefined)
      throw new InputError(`${PACKAGE} is not installed: npm i -D ${PACKAGE}`);
    try {
      const { commands } = (await import(pathToFileURL(path).href)) as Labs;
      return await runLab(commands, options);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const { name, message } = error as Error;
      if (name === 'UsageError') throw new InputError(message); // it says itself what to do
      process.stderr.write(failureText(error as Error));
      return GRADER_FAILED;
    }
  },
};

async function runLab(commands: readonly LabCommand[], options: Options): Promise<number> {
  const words = options.has('COMMAND') ? [options.text('COMMAND'), ...options.rest] : [];
  const isHelp = words[0] === 'help';
  const [name, ...rest] = isHelp ? [...words.slice(1), '--help'] : words;
  if (name === undefined || name.startsWith('-')) {
    process.stdout.write(`${lab.summary}\n\n${commandLines(commands)}\n`);
    return 0;
  }
  const command = commands.find((each) => each.name === name);
  if (command === undefined) throw unknownCommand(name, commands, 'lab ');
  try {
    return await runCommand(command, rest);
  } catch (error) {
    if (error instanceof UsageError) error.topic = `lab ${command.name}`;
    throw error;
  }
}

async function runCommand(command: LabCommand, words: readonly string[]): Promise<number> {
  const parsed = parseOptions(command.options, words, command.operands);
  if (parsed.has('help')) {
    process.stdout.write(commandHelp('edgewise lab', command));
    return 0;
  }
  return await command.run(parsed);
}

function failureText({ message, stack }: Error): string {
  return (
    `edgewise: the grader itself has failed: ${message.replaceAll('\n', ' ')}\n${stack}\n` +
    'This is no fault of the program under test. `edgewise lab doctor` shows what may be missing\n' +
    'here; please report the lines above.\n'
  );
}

// That of the student's folder, else one beside this package.
function pathOfLabs(): string | undefined {
  const parents = [join(process.cwd(), 'package.json'), import.meta.url];
  for (const parent of parents) {
    try {
      return createRequire(parent).resolve(PACKAGE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}
