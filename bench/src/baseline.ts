// Another checkout as a baseline: its contenders take part in the rounds of ours as `NAME@baseline`,
// by its own table (bench/src/contenders, bench/src/scenarios), because it knows its own commands.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './contenders/run.ts';
import { checkoutVersion } from './machine.ts';
import type { Contender } from './model.ts';

/** The folders in which `tsc -p bench` puts the suite of a checkout: now, and before. */
const OUTPUTS = ['build-bench/bench/src', 'build-bench'];
const COMPILE_MS_MAX = 120_000;

export interface Baseline {
  /** Its path. */
  readonly folder: string;
  /** Of its package, with its commit. */
  readonly version: string;
  /** The counterparts of ours in one scenario: those of the table, or of the scenario alone. */
  contendersOf(scenario: string): readonly Contender[];
}

interface Suite {
  readonly contenders: readonly Contender[];
  readonly scenarios: readonly {
    readonly name: string;
    readonly own?: readonly Contender[];
  }[];
}

/**
 * Loads the tables of another checkout, and compiles them when they are not compiled or are older
 * than their sources.
 *
 * @param folder - the checkout; its addon and its `dist/` must have been built.
 * @throws Error - it is no built checkout of edgewise.
 */
export async function loadBaseline(folder: string): Promise<Baseline> {
  const root = resolve(folder);
  for (const needed of ['bench/src/main.ts', 'dist/cli/main.js', 'node_modules']) {
    if (!existsSync(join(root, needed))) {
      throw new Error(`${folder} is no checkout that has been built: it has no ${needed}`);
    }
  }
  const { contenders, scenarios } = await loadSuite(root);
  const shared = contenders.filter(isOurs).map(counterpart);
  const own = new Map(
    scenarios.map(({ name, own: all }) => [name, all?.filter(isOurs).map(counterpart)]),
  );
  return {
    folder: root,
    version: checkoutVersion(root),
    contendersOf: (scenario) => (own.has(scenario) ? (own.get(scenario) ?? shared) : []),
  };
}

function isOurs({ family }: Contender): boolean {
  return family === 'edgewise';
}

function counterpart(contender: Contender): Contender {
  const { name, label } = contender;
  return {
    ...contender,
    name: `${name}@baseline`,
    label: `${label} @baseline`,
    baselineOf: name,
    locate: async () => contender.locate(),
  };
}

async function loadSuite(root: string): Promise<Suite> {
  if (!isFresh(root)) {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', join(root, 'bench')], { timeoutMs: COMPILE_MS_MAX });
  }
  const output = outputOf(root);
  if (output === undefined) throw new Error(`${root}: its benchmark suite cannot be compiled`);
  const load = (file: string) => import(pathToFileURL(join(output, file)).href);
  const { contenders }: Suite = await load('contenders/index.js');
  const { scenarios }: Suite = await load('scenarios/index.js');
  return { contenders, scenarios };
}

function outputOf(root: string): string | undefined {
  return OUTPUTS.map((name) => join(root, name)).find((path) => existsSync(join(path, 'main.js')));
}

function isFresh(root: string): boolean {
  const output = outputOf(root);
  if (output === undefined) return false;
  const compiledMs = statSync(join(output, 'main.js')).mtimeMs;
  const sources = join(root, 'bench/src');
  return readdirSync(sources, { recursive: true, encoding: 'utf8' }).every(
    (file) => statSync(join(sources, file)).mtimeMs < compiledMs,
  );
}
