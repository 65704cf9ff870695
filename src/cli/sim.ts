// `edgewise sim FILE`: a test file with simulations, again and again, with new seeds each time, for nightly runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, readFileSync } from 'node:fs';
import { InputError, type Options } from './arguments.ts';
import type { Command } from './command.ts';
import { progressOn } from './measure/index.ts';
import { quoted } from './trace-file.ts';

/** How far the seeds of one round are from those of the next: more than any test has runs. */
const SEEDS_PER_ROUND = 100_000;
const SEED_MAX = 0xffff_ffff;
const DAY_SECONDS = 86_400;
const RUNNERS = ['node', 'vitest'] as const;
const MS_PER_SECOND = 1000;

type Runner = (typeof RUNNERS)[number];

export const sim: Command = {
  name: 'sim',
  summary: 'run a test file with simulations again and again, with new seeds',
  description:
    'Runs the tests of FILE in rounds, each with other seeds for what calls simulate (docs/testing.md), until ' +
    'the budget is used up or one fails. What a failing round has printed is printed, with its seed.',
  operands: [{ name: 'FILE' }],
  options: {
    seeds: { value: 'N', help: 'the first seed', default: '1' },
    budget: { value: '60s', help: 'how long it goes on', default: '60s' },
    rounds: { value: 'N', help: 'the most rounds; without it only the budget ends it' },
    runner: {
      value: RUNNERS.join('|'),
      help: 'what runs the file; else vitest where FILE imports it, and node --test',
    },
  },
  async run(options) {
    const file = options.text('FILE');
    const first = options.integer('seeds', 0, SEED_MAX);
    const seconds = options.seconds('budget', 0.001, DAY_SECONDS);
    const rounds = options.has('rounds') ? options.integer('rounds', 1, SEED_MAX) : Infinity;
    const words = commandOf(runnerOf(options, file), file);
    const progress = progressOn(process.stderr);
    const startMs = performance.now();
    const spentOf = () => (performance.now() - startMs) / MS_PER_SECOND;
    for (let round = 0; round < rounds && spentOf() < seconds; round++) {
      const seed = (first + round * SEEDS_PER_ROUND) % (SEED_MAX + 1);
      const spent = spentOf().toFixed(0);
      progress.show(`round ${round + 1}, seed ${seed}, ${spent} of ${seconds} s`);
      const { code, output } = await runRound(words, seed);
      if (code === 0) continue;
      progress.end();
      const again = `EDGEWISE_SIM_SEED=${seed} ${words.map(quoted).join(' ')}`;
      process.stdout.write(`${output}\nround ${round + 1} has failed; the same again: ${again}\n`);
      return 1;
    }
    progress.end();
    process.stdout.write(`nothing was found in ${spentOf().toFixed(0)} s\n`);
    return 0;
  },
};

function runnerOf(options: Options, file: string): Runner {
  let text: string;
  try {
    accessSync(file);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if (options.has('runner')) return options.choice('runner', RUNNERS);
  return /from\s+['"]vitest['"]/.test(text) ? 'vitest' : 'node';
}

function commandOf(runner: Runner, file: string): string[] {
  return runner === 'vitest' ? ['npx', 'vitest', 'run', file] : [process.execPath, '--test', file];
}

async function runRound(
  [command = '', ...args]: readonly string[],
  seed: number,
): Promise<{ code: number; output: string }> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, EDGEWISE_SIM_SEED: String(seed) },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, output };
}
