#!/usr/bin/env node
// The command line. Exit codes: 0 success; 1 failure; 2 bad arguments. Failures and bad arguments are
// one line on standard error.
import { readFileSync } from 'node:fs';
import { parseOptions, UsageError } from './arguments.ts';
import { audit } from './audit.ts';
import type { Command } from './command.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { echo } from './echo.ts';
import { commandHelp, commandLines } from './help.ts';
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
${commandLines(COMMANDS)}

'edgewise <command> --help' lists the options of a command; 'edgewise --version' prints ${version()}.
`;
}

async function run([first, ...rest]: readonly string[]): Promise<number> {
  if (first === '--help' || first === '-h') {
    process.stdout.write(help());
    return 0;
  }
  if (first === '--version') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const names = COMMANDS.map(({ name }) => name).join(', ');
  if (first === undefined) throw new UsageError(`a command is missing: one of ${names}, or --help`);
  const command = COMMANDS.find(({ name }) => name === first);
  if (command === undefined) {
    throw new UsageError(`unknown command '${first}'; available: ${names}, and --help`);
  }
  const options = parseOptions(command.options, rest, command.operands);
  if (options.has('help')) {
    process.stdout.write(commandHelp('edgewise', command));
    return 0;
  }
  return command.run(options);
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
  process.stderr.write(`edgewise: ${message.replaceAll('\n', ' ')}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
