// The cache of scripts/fetch.mjs, for what contenders need besides the checkout: packages of the
// npm registry, and programs that were compiled here, each in a folder named by what it is made of.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inRoot } from '../root.ts';
import { run } from './run.ts';

/** How a program is compiled: in a folder of its own, into which its sources are copied. */
export interface Recipe {
  /** Names the folder in the cache. */
  readonly name: string;
  /** A folder of the checkout, and the files in it that are the sources. */
  readonly folder: string;
  readonly sources: readonly string[];
  /** Everything else that the outcome hangs on, such as the compiler's version. */
  readonly madeBy: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where the program is then, relative to the folder. */
  readonly product: string;
  readonly timeoutMs?: number;
}

/** The cache folder; it is made when it is not there. */
export async function cacheFolder(): Promise<string> {
  const { href } = pathToFileURL(inRoot('scripts/fetch.mjs'));
  const fetcher: { cacheFolder(): string } = await import(href);
  return fetcher.cacheFolder();
}

/**
 * Gives the folder of a package of the npm registry, and fetches it when it is not in the cache.
 *
 * @param spec - `name@version`; a range takes the newest version when it is first fetched.
 * @throws Error - no network, no such package: one line of why.
 */
export async function fetchTool(spec: string): Promise<string> {
  const stdout = await run(process.execPath, [inRoot('bench/programs/fetch.mjs'), spec]);
  return stdout.trim().split('\n').at(-1) ?? '';
}

/**
 * Gives the path of the compiled program, and compiles it when it is not in the cache.
 *
 * @throws Error - no compiler, or it found an error: one line of why.
 */
export async function compile(recipe: Recipe): Promise<string> {
  const peers = join(await cacheFolder(), 'peers');
  const folder = join(peers, `${recipe.name}-${hashOf(recipe)}`);
  const program = join(folder, basename(recipe.product));
  if (existsSync(program)) return program;
  mkdirSync(peers, { recursive: true });
  const work = mkdtempSync(join(peers, 'compile-'));
  try {
    for (const source of recipe.sources) {
      cpSync(inRoot(join(recipe.folder, source)), join(work, source));
    }
    const { file, args, env = {}, timeoutMs } = recipe;
    await run(file, args, { cwd: work, env, ...(timeoutMs !== undefined && { timeoutMs }) });
    const fresh = mkdtempSync(join(peers, 'fresh-'));
    renameSync(join(work, recipe.product), join(fresh, basename(recipe.product)));
    moveInto(fresh, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}

/** Another run may have been faster: its result is as good. */
function moveInto(fresh: string, folder: string): void {
  try {
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

function hashOf(recipe: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe));
  for (const source of recipe.sources) {
    hash.update('\0').update(readFileSync(inRoot(join(recipe.folder, source))));
  }
  return hash.digest('hex').slice(0, 16);
}
