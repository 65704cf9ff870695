// The command line of the suite: `npm run bench -- ...`. Exit codes: 0 done, 1 something broke, 2
// the command line or a file given on it is wrong, or two files have nothing to compare, 130 interrupted.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Baseline, loadBaseline } from './baseline.ts';
import { compare, compareWithin, formatAll, formatComparison, hasBaseline } from './compare.ts';
import { listText } from './list.ts';
import type { Results } from './model.ts';
import { type Outputs, prepareOutputs } from './outputs.ts';
import { UsageError, type Wish } from './plan.ts';
import type { Changes } from './report/changes.ts';
import { toHtml } from './report/html.ts';
import { toMarkdown } from './report/markdown.ts';
import { plotsOf } from './report/plots.ts';
import { ResultsError, readResults, writeResults } from './results.ts';
import { inRoot } from './root.ts';
import { run } from './run.ts';
import { formatTables } from './table.ts';

/** What the words of the command line ask for. */
interface Asked {
  readonly command: 'run' | 'compare' | 'report' | 'help' | 'list';
  readonly words: readonly string[];
  readonly values: Flags;
}

interface Flags {
  readonly quick?: boolean;
  readonly connections?: readonly number[];
  readonly size?: readonly number[];
  readonly contenders?: readonly string[];
  readonly rounds?: number;
  readonly seconds?: number;
  readonly json?: string;
  readonly html?: string;
  readonly markdown?: string;
  readonly svg?: string;
  readonly baseline?: string;
  readonly against?: string;
}

/** bench/words.mjs, which runs before anything is built and so is no source of this one. */
interface Words {
  readBench(argv: readonly string[]): Asked;
  usage(): string;
  readonly WordsError: new () => Error;
}

const words: Words = await import(pathToFileURL(inRoot('bench/words.mjs')).href);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
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

async function measure({ words: scenarios, values: flags }: Asked): Promise<void> {
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
    const wish = await wishOf(scenarios, flags);
    const earlier = flags.against === undefined ? undefined : readResults(flags.against);
    const results = await run({ wish, command, say: print, signal: interrupt.signal });
    print(`\n${formatTables(results)}\n`);
    writeAll(results, changesOf(results, earlier), outputs);
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

/** What a run is compared with: its baseline, and an earlier run. */
function changesOf(results: Results, earlier: Results | undefined): Changes[] {
  const changes: Changes[] = [];
  if (hasBaseline(results)) {
    changes.push({ title: 'Against the baseline', comparison: compareWithin(results) });
  }
  if (earlier !== undefined) {
    const title = `Against the run of ${earlier.startedAt}`;
    changes.push({ title, comparison: compare(earlier, results) });
  }
  for (const { title, comparison } of changes) print(`${title}:\n${formatAll(comparison)}`);
  return changes;
}

function writeAll(results: Results, changes: readonly Changes[], outputs: Outputs): void {
  const { json, html, markdown, svg } = outputs;
  if (json !== undefined) {
    writeResults(json, results);
    print(`results: ${json}`);
  }
  if (svg !== undefined) {
    for (const { name, svg: text } of plotsOf(results))
      writeFileSync(join(svg, `${name}.svg`), text);
    print(`plots:   ${svg}`);
  }
  if (markdown !== undefined) {
    writeFileSync(markdown, toMarkdown(results, changes));
    print(`text:    ${markdown}`);
  }
  if (html !== undefined) {
    writeFileSync(html, toHtml(results, changes));
    print(`report:  ${pathToFileURL(html)}`);
  }
}

function compareFiles([before = '', after]: readonly string[]): void {
  const results = readResults(before);
  const isWithin = after === undefined;
  if (isWithin && !hasBaseline(results)) {
    throw new UsageError(`${before} has no baseline: name a second file to compare it with`);
  }
  const comparison = isWithin ? compareWithin(results) : compare(results, readResults(after));
  print(isWithin ? formatAll(comparison) : formatComparison(comparison));
  if (comparison.differences.length === 0) process.exitCode = 2;
}

function reportAgain([path = '']: readonly string[], flags: Flags): void {
  const { html, svg, markdown, against } = flags;
  const results = readResults(path);
  const earlier = against === undefined ? undefined : readResults(against);
  const outputs = {
    html: html ?? `${path.replace(/\.json$/, '')}.html`,
    ...(svg && { svg }),
    ...(markdown && { markdown }),
  };
  prepareOutputs(outputs);
  print(`${formatTables(results)}\n`);
  writeAll(results, changesOf(results, earlier), outputs);
}

async function main(): Promise<void> {
  try {
    const asked = words.readBench(process.argv.slice(2));
    if (asked.command === 'help') process.stdout.write(words.usage());
    else if (asked.command === 'list') print(listText());
    else if (asked.command === 'compare') compareFiles(asked.words);
    else if (asked.command === 'report') reportAgain(asked.words, asked.values);
    else await measure(asked);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isOfWords: boolean = error instanceof words.WordsError;
    const isTheirs = isOfWords || error instanceof UsageError || error instanceof ResultsError;
    const hint = isOfWords ? ' (see: npm run bench -- --help)' : '';
    process.stderr.write(`bench: ${isTheirs ? `${error.message}${hint}` : error.stack}\n`);
    process.exitCode = isTheirs ? 2 : 1;
  }
}

await main();
