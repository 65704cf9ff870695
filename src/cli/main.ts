#!/usr/bin/env node
// The command line. Exit codes: 0 success; 1 failure; 2 bad arguments. Failures and bad arguments are
// one line on standard error.
import { readFileSync } from 'node:fs';
import { nearestOf } from '../nearest.ts';
import { InputError, parseOptions, UsageError, unknownWord } from './arguments.ts';
import { audit } from './audit.ts';
import { columnLines } from './columns.ts';
import type { Command } from './command.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { echo } from './echo.ts';
import { commandHelp, commandLines, unknownCommand } from './help.ts';
import { lab } from './lab.ts';
import { relay } from './relay.ts';
import { sim } from './sim.ts';
import { trace } from './trace.ts';
import { udpEcho } from './udp-echo.ts';
import { view } from './view.ts';

const COMMANDS: readonly Command[] = [
  echo,
  udpEcho,
  relay,
  demo,
  audit,
  doctor,
  sim,
  trace,
  view,
  lab,
];

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function help(): string {
  return `usage: edgewise <command> [options]

Raw descriptors and a separate readiness loop for Node.js.

Commands:
${commandLines([...COMMANDS, HELP])}

Options:
${columnLines(OPTIONS)}
`;
}

const HELP = { name: 'help', summary: 'this list; help COMMAND: what a command does and takes' };
const OPTIONS = [
  ['-h, --help', 'this list; behind a command: what it does and takes'],
  ['-v, --version', 'the version of the package'],
] as const;
const FLAGS = OPTIONS.flatMap(([names]) => names.split(', '));

async function run([first, ...rest]: readonly string[]): Promise<number> {
  if (first === undefined) throw new UsageError('a command is missing');
  if (FLAGS.includes(first) || first === HELP.name) return answer(first, rest);
  const command = commandNamed(first);
  const options = parseOptions(command.options, rest, command.operands);
  if (options.has('help')) {
    process.stdout.write(commandHelp('edgewise', command));
    return 0;
  }
  return command.run(options);
}

async function answer(word: string, words: readonly string[]): Promise<number> {
  const [name, ...more] = words.filter((each) => !['-h', '--help'].includes(each));
  const isVersion = word === '-v' || word === '--version';
  if (name !== undefined && word !== HELP.name)
    throw new UsageError(`${word} takes no further words`);
  if (isVersion) {
    process.stdout.write(`${version()}\n`);
  } else if (name === undefined || name === HELP.name) {
    process.stdout.write(help());
  } else {
    const command = commandNamed(name);
    if (command.hasCommands && more.length > 0) {
      return command.run(parseOptions(command.options, [...more, '--help'], command.operands));
    }
    if (more[0] !== undefined) throw new UsageError(`'${more[0]}' is one word too many`);
    process.stdout.write(commandHelp('edgewise', command));
  }
  return 0;
}

function commandNamed(name: string): Command {
  const command = COMMANDS.find((each) => each.name === name);
  if (command !== undefined) return command;
  if (!name.startsWith('-')) throw unknownCommand(name, COMMANDS);
  const nearest = name.length > 2 ? nearestOf(name, FLAGS) : undefined;
  throw unknownWord('option', name, nearest);
}

/** Which help has what the line of a mistake lacks. */
function hintFor(error: unknown, [first]: readonly string[]): string {
  if (!(error instanceof UsageError) || error instanceof InputError) return '';
  const command = COMMANDS.find(({ name }) => name === first)?.name;
  const topic = error.topic ?? command;
  return ` (see: edgewise help${topic === undefined ? '' : ` ${topic}`})`;
}

// What reads the output has seen enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const hint = hintFor(error, process.argv.slice(2));
  process.stderr.write(`edgewise: ${message.replaceAll('\n', ' ')}${hint}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
