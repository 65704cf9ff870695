// Runs an example: `npm run example -- echo 7007`. The package must have been built. On Node 20,
// which does not strip types, the examples are compiled into build-examples/ first.
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nearestOf } from './nearest.mjs';
import { runnable } from './runnable.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const HELPERS = [
  'listen.ts',
  ...['flags', 'common', 'blocking-echo', 'readiness'].map((name) => `models/${name}.ts`),
  'seeing/pair.ts',
  ...['bus', 'handlers', 'health', 'member', 'rooms'].map((name) => `cluster/${name}.ts`),
  ...['nats-bus', 'nats-sockets', 'persist', 'redis-bus'].map((name) => `cluster/${name}.ts`),
];
const COLUMNS = 80;
// Not examples/serve: it is a program of its own.
const FOLDERS = ['', 'cluster/', 'echo/', 'models/', 'seeing/'];

function namesIn(folder) {
  return readdirSync(`${root}examples/${folder}`)
    .map((file) => `${folder}${file}`)
    .filter((file) => file.endsWith('.ts') && !HELPERS.includes(file))
    .map((file) => file.slice(0, -3));
}

/** A paragraph for each folder, in lines of at most 80 columns. */
function list() {
  const lines = FOLDERS.flatMap((folder) => {
    const broken = [' '];
    for (const name of namesIn(folder)) {
      const last = broken.at(-1);
      if (last.length + 1 + name.length > COLUMNS) broken.push(`  ${name}`);
      else broken[broken.length - 1] = `${last} ${name}`;
    }
    return broken;
  });
  return ['usage: npm run example -- NAME [argument]', '', ...lines].join('\n');
}

function fail(message, exitCode) {
  console.error(message);
  process.exit(exitCode);
}

const names = FOLDERS.flatMap(namesIn);
const [name, ...rest] = process.argv.slice(2);
if (['--list', '--help', '-h'].includes(name)) {
  console.log(list());
  process.exit();
}
if (!names.includes(name)) {
  const nearest = name === undefined ? undefined : nearestOf(name, names);
  const what = name === undefined ? 'a name is missing' : `unknown example '${name}'`;
  const hint = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
  fail(`example: ${what}${hint}\n${list()}`, 2);
}
if (!existsSync(`${root}dist/index.js`)) fail('the package is not built yet: npm run build', 2);

// What the system refuses, such as a port that is taken, is one line; anything else is a mistake of the
// example, and its stack says where.
process.on('uncaughtException', (error) => {
  const text = String(error?.message ?? error);
  const isOfSystem = error?.syscall !== undefined || /\bE[A-Z]{2,}\b/.test(text);
  fail(isOfSystem ? `${name}: ${text.replaceAll('\n', ' ')}` : String(error?.stack ?? error), 1);
});
const folder = dirname(name);
const source = join(root, 'examples', folder);
const file = runnable(source, basename(name), join(root, 'build-examples', folder));
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);
