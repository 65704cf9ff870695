// Runs an example: `npm run example -- echo 7007`. The package must have been built. On Node 20,
// which does not strip types, the examples are compiled into build-examples/ first.
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runnable } from './runnable.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const HELPERS = [
  'listen.ts',
  ...['flags', 'common', 'blocking-echo', 'readiness'].map((name) => `models/${name}.ts`),
  'seeing/pair.ts',
  ...['bus', 'handlers', 'health', 'member', 'rooms'].map((name) => `cluster/${name}.ts`),
  ...['nats-bus', 'nats-sockets', 'persist', 'redis-bus'].map((name) => `cluster/${name}.ts`),
];
// Not examples/serve: it is a program of its own.
const files = ['', 'cluster/', 'echo/', 'models/', 'seeing/'].flatMap((folder) =>
  readdirSync(`${root}examples/${folder}`).map((file) => `${folder}${file}`),
);
const names = files
  .filter((file) => file.endsWith('.ts') && !HELPERS.includes(file))
  .map((file) => file.slice(0, -3));

function fail(message) {
  console.error(message);
  process.exit(2);
}

const [name, ...rest] = process.argv.slice(2);
if (!names.includes(name)) fail(`usage: npm run example -- ${names.join('|')} [argument]`);
if (!existsSync(`${root}dist/index.js`)) fail('the package is not built yet: npm run build');

const folder = dirname(name);
const source = join(root, 'examples', folder);
const file = runnable(source, basename(name), join(root, 'build-examples', folder));
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);
