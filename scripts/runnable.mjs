// TypeScript that runs on every Node that we support: where Node strips types by itself (22.18,
// 23.6 and later) the source is what runs, elsewhere (Node 20) it is compiled first.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

function compile(folder, output) {
  const stamp = join(output, '.stamp');
  const builtMs = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  const sources = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  if (sources.every((file) => statSync(join(folder, file)).mtimeMs < builtMs)) return;
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  // Moved in place when they are whole: tests start several examples at once.
  const fresh = join(output, `.${process.pid}`);
  const flags = ['--noEmit', 'false', '--noCheck', '--rootDir', folder, '--outDir', fresh];
  const run = spawnSync(process.execPath, [tsc, '-p', folder, ...flags], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${run.stdout}${run.stderr}${folder}: tsc failed`);
  for (const file of readdirSync(fresh)) renameSync(join(fresh, file), join(output, file));
  rmSync(fresh, { recursive: true });
  writeFileSync(stamp, '');
}

/**
 * The path to import for `FOLDER/NAME.ts`. Compiles the folder, which has a tsconfig.json, into
 * `output` when a source is newer than what is there.
 */
export function runnable(folder, name, output) {
  if (process.features.typescript) return join(folder, `${name}.ts`);
  compile(folder, output);
  return join(output, `${name}.js`);
}
