// `edgewise trace SCRIPT`: runs a program, and leaves a trace of its reactors in a file.
// `edgewise trace diff A B`: what two such files differ in.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants as modes, statSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, extname, resolve } from 'node:path';
import { InputError, type Options, UsageError } from './arguments.ts';
import type { Command } from './command.ts';
import { quoted, readBytes, traceIn } from './trace-file.ts';

const LEVELS = ['counts', 'events', 'timed', 'calls', 'probe'] as const;
/** What a user or a supervisor sends to the program, and so to us. */
const RELAYED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;
const DAY_SECONDS = 86_400;

export const trace: Command = {
  name: 'trace',
  summary: 'run a script, and leave a trace of what its reactors do in a file',
  description:
    'Runs `node SCRIPT ARGS`, with the same input, output and signals, and ends as it does. Every reactor ' +
    'of it is traced; the file is written when it ends, and whenever it gets SIGUSR2.\n\n' +
    'edgewise trace diff A B prints what two files differ in, with descriptors numbered as they appear and ' +
    'times left out.\nExit code 0: nothing; 1: something; 2: one cannot be read.',
  operands: [{ name: 'SCRIPT', rest: 'ARGS' }],
  options: {
    level: { value: LEVELS.join('|'), help: 'how much is recorded', default: 'calls' },
    last: { value: '10s', help: 'only the last seconds before the file is written' },
    output: {
      short: 'o',
      value: 'FILE',
      help: 'the file; else the name of SCRIPT with .edgetrace',
    },
  },
  async run(options) {
    const script = options.text('SCRIPT');
    if (script === 'diff') return await diff(options.rest);
    const file = options.has('output') ? options.text('output') : `${stemOf(script)}.edgetrace`;
    const wish = wishOf(options, file); // all mistakes before the script runs
    const before = versionOf(file);
    const { code, signal } = await runScript([script, ...options.rest], wish);
    process.stderr.write(`edgewise: ${outcomeOf(script, file, signal, before)}\n`);
    return code ?? 128 + constants.signals[signal as NodeJS.Signals];
  },
};

function stemOf(path: string): string {
  return basename(path, extname(path));
}

// The value of EDGEWISE_TRACE.
function wishOf(options: Options, file: string): string {
  const level = options.choice('level', LEVELS);
  const path = resolve(file); // the script may change its folder
  // In EDGEWISE_TRACE it begins what comes behind the path.
  if (path.includes(',')) throw new UsageError(`${path} has a comma, which no trace may have`);
  try {
    accessSync(dirname(path), modes.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(`${file} cannot be written: ${code}`);
  }
  const last = options.has('last') ? `,last=${options.seconds('last', 0.001, DAY_SECONDS)}` : '';
  return `${path},${level}${last}`;
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function runScript(words: readonly string[], wish: string): Promise<Ending> {
  const child = spawn(process.execPath, [...process.execArgv, ...words], {
    stdio: 'inherit',
    env: { ...process.env, EDGEWISE_TRACE: wish, EDGEWISE_TRACE_GATHERER: undefined },
  });
  for (const signal of RELAYED) {
    process.on(signal, () => {
      if (!isOfTerminal(signal)) child.kill(signal);
    });
  }
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

// A terminal signals the script as well as us.
function isOfTerminal(signal: NodeJS.Signals): boolean {
  return process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
}

// What sets a file apart from one that takes its place.
function versionOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true });
  return found && `${found.ino} ${found.mtimeNs}`;
}

function outcomeOf(
  script: string,
  file: string,
  signal: NodeJS.Signals | null,
  before: string | undefined,
): string {
  const version = versionOf(file);
  if (version !== undefined && version !== before) {
    const page = file.replace(/(\.edgetrace)?$/, '.html');
    return `the trace is ${file}; next: edgewise view ${quoted(file)} -o ${quoted(page)}`;
  }
  if (signal !== null) return `${script} was ended by ${signal}, and has left no trace`;
  return `${script} has left no trace: it made no Reactor, or could not write the file`;
}

async function diff(paths: readonly string[]): Promise<number> {
  const [one, other, ...more] = paths;
  if (one === undefined || other === undefined || more.length > 0) {
    throw new UsageError('trace diff takes two files');
  }
  const a = await traceIn(readBytes(one), one);
  const b = await traceIn(readBytes(other), other);
  const { differenceOf } = await import('../view/index.ts');
  const lines = differenceOf(a, b);
  if (lines.length === 0) return 0;
  process.stdout.write(`${[`--- ${one}`, `+++ ${other}`, ...lines].join('\n')}\n`);
  return 1;
}
