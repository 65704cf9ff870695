// The command line of the suite: `npm run bench -- ...`. Exit codes: 0 done, 1 something broke, 2
// the command line or a file given on it is wrong, or two files have nothing to compare, 130 interrupted.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { type Baseline, loadBaseline } from './baseline.ts';
import { compare, compareWithin, formatComparison, formatWithin, hasBaseline } from './compare.ts';
import { listText } from './list.ts';
import type { Results } from './model.ts';
import { type Outputs, prepareOutputs } from './outputs.ts';
import { UsageError, type Wish } from './plan.ts';
import { toHtml } from './report/html.ts';
import { plotsOf } from './report/plots.ts';
import { ResultsError, readResults, writeResults } from './results.ts';
import { inRoot } from './root.ts';
import { run } from './run.ts';
import { formatTables } from './table.ts';

interface Flags {
  readonly quick?: boolean;
  readonly connections?: readonly number[];
  readonly size?: readonly number[];
  readonly contenders?: readonly string[];
  readonly rounds?: number;
  readonly seconds?: number;
  readonly json?: string;
  readonly html?: string;
  readonly svg?: string;
  readonly list?: boolean;
  readonly baseline?: string;
}

const CONNECTIONS_MAX = 100_000;
const SIZE_MAX = 16_777_216;
const ROUNDS_MAX = 1000;
const SECONDS_MAX = 600;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
  };
}

function list<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map(parse);
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^[\d.]+$/.test(text) && value >= 0.05 && value <= SECONDS_MAX) return value;
  throw new InvalidArgumentError(`It takes seconds from 0.05 to ${SECONDS_MAX}.`);
}

async function wishOf(scenarios: readonly string[], flags: Flags): Promise<Wish> {
  const { baseline } = flags;
  const { connections, size, contenders, rounds, seconds: length } = flags;
  return {
    scenarios,
    isQuick: flags.quick === true,
    ...(connections && { connections }),
    ...(size && { size }),
    ...(contenders && { contenders }),
    ...(rounds && { rounds }),
    ...(length && { seconds: length }),
    ...(baseline !== undefined && { baseline: await baselineIn(baseline) }),
  };
}

async function baselineIn(folder: string): Promise<Baseline> {
  try {
    return await loadBaseline(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--baseline ${folder}: ${reason}`, { cause: error });
  }
}

async function measure(words: readonly string[], flags: Flags): Promise<void> {
  if (flags.list) return print(listText());
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Each time: Ctrl-C comes from the terminal, and from the one that has started this.
    process.on(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
  }
  const stem = inRoot(`build-bench/results/${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  const outputs = { html: `${stem}.html`, json: `${stem}.json`, ...flags };
  try {
    prepareOutputs(outputs);
    const wish = await wishOf(
      words.flatMap((word) => word.split(',')),
      flags,
    );
    const results = await run({ wish, command, say: print, signal: interrupt.signal });
    print(`\n${formatTables(results)}\n`);
    if (hasBaseline(results)) print(formatWithin(compareWithin(results)));
    writeAll(results, outputs);
    if (results.cases.every(({ measurements }) => measurements.length === 0)) {
      process.stderr.write('bench: nothing was measured: every contender has failed\n');
      process.exitCode = 1;
    }
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    process.stderr.write('bench: interrupted, nothing was written\n');
    process.exitCode = 130;
  }
}

function writeAll(results: Results, { json, html, svg }: Outputs): void {
  if (json !== undefined) {
    writeResults(json, results);
    print(`results: ${json}`);
  }
  if (svg !== undefined) {
    for (const { name, svg: text } of plotsOf(results))
      writeFileSync(join(svg, `${name}.svg`), text);
    print(`plots:   ${svg}`);
  }
  if (html !== undefined) {
    writeFileSync(html, toHtml(results));
    print(`report:  ${pathToFileURL(html)}`);
  }
}

function makeProgram(): Command {
  const program = new Command('npm run bench --')
    .enablePositionalOptions() // else --html and --svg of `report` would be those of a run
    .description('Compares edgewise with libuv and with the field; bench/README.md has the method.')
    .argument(
      '[scenario...]',
      'names, with spaces or commas between them; none: all, in about 25 minutes',
    )
    .option('--quick', 'fewer cases and contenders, shorter rounds: under 3 minutes for all')
    .option('--connections <n,...>', 'connections', list(whole(1, CONNECTIONS_MAX)))
    .option('--size <bytes,...>', 'bytes per message', list(whole(1, SIZE_MAX)))
    .option('--contenders <name,...>', 'which take part', list(String))
    .option('--baseline <folder>', 'another checkout: each contender of ours also as NAME@baseline')
    .option('--rounds <n>', 'alternating rounds', whole(1, ROUNDS_MAX))
    .option('--seconds <s>', 'length of a round', seconds)
    .option('--json <file>', 'where the results go')
    .option('--html <file>', 'where the report goes')
    .option('--svg <folder>', 'writes each plot as a file, too')
    .option('--list', 'lists scenarios and contenders')
    .action(measure);
  program
    .command('compare')
    .description('says which differences of two runs, or of one with --baseline, exceed the noise')
    .argument('<before>', 'results of a run')
    .argument('[after]', 'results of another one; none: the first has a baseline')
    .action((before: string, after: string | undefined) => {
      const results = readResults(before);
      const isWithin = after === undefined;
      if (isWithin && !hasBaseline(results)) {
        throw new UsageError(`${before} has no baseline: name a second file to compare it with`);
      }
      const comparison = isWithin ? compareWithin(results) : compare(results, readResults(after));
      print(isWithin ? formatWithin(comparison) : formatComparison(comparison));
      if (comparison.differences.length === 0) process.exitCode = 2;
    });
  program
    .command('report')
    .description('makes the report of a run again')
    .argument('<results>', 'results of a run')
    .option('--html <file>', 'where the report goes')
    .option('--svg <folder>', 'writes each plot as a file, too')
    .action((path: string, { html, svg }: Flags) => {
      const results = readResults(path);
      const outputs = {
        html: html ?? `${path.replace(/\.json$/, '')}.html`,
        ...(svg && { svg }),
      };
      prepareOutputs(outputs);
      print(`${formatTables(results)}\n`);
      writeAll(results, outputs);
    });
  return program;
}

async function main(): Promise<void> {
  const program = makeProgram();
  for (const each of [program, ...program.commands]) each.exitOverride();
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2; // it has printed its line
      return;
    }
    const isTheirs = error instanceof UsageError || error instanceof ResultsError;
    const text =
      error instanceof Error && isTheirs
        ? error.message
        : String(error instanceof Error ? error.stack : error);
    process.stderr.write(`bench: ${text}\n`);
    process.exitCode = isTheirs ? 2 : 1;
  }
}

await main();
