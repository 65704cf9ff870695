// Runs an example: `npm run example -- echo 7007`. Where Node strips types by itself (22.18, 23.6
// and later) this is `node examples/echo.ts 7007`. On Node 20 the examples are compiled first, into
// build-examples/, when one of them is newer than what is there. The package must have been built.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(`${root}examples`, { recursive: true }).filter((file) =>
  file.endsWith('.ts'),
);
const names = sources.map((file) => file.slice(0, -3)).filter((name) => name !== 'listen');

function fail(message) {
  console.error(message);
  process.exit(2);
}

function compile() {
  const stamp = `${root}build-examples/.stamp`;
  const builtMs = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (sources.every((file) => statSync(`${root}examples/${file}`).mtimeMs < builtMs)) return;
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  // Each file comes into place whole: another example may be starting at the same time.
  const scratch = `${root}build-examples/.${process.pid}`;
  const args = [tsc, '-p', `${root}examples`, '--outDir', scratch];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (run.status !== 0) fail(`${run.stdout}${run.stderr}examples: tsc failed`);
  for (const source of sources) {
    const file = `${source.slice(0, -3)}.js`;
    mkdirSync(dirname(`${root}build-examples/${file}`), { recursive: true });
    renameSync(`${scratch}/${file}`, `${root}build-examples/${file}`);
  }
  rmSync(scratch, { recursive: true });
  writeFileSync(stamp, '');
}

const [name, ...rest] = process.argv.slice(2);
if (!names.includes(name)) fail(`usage: npm run example -- ${names.join('|')} [argument]`);
if (!existsSync(`${root}dist/index.js`)) fail('the package is not built yet: npm run build');

const stripsTypes = Boolean(process.features.typescript);
if (!stripsTypes) compile();
const file = stripsTypes ? `${root}examples/${name}.ts` : `${root}build-examples/${name}.js`;
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);
