// Runs an example: `npm run example -- echo 7007`. The package must have been built. On Node 20,
// which does not strip types, the examples are compiled into build-examples/ first.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runnable } from './runnable.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(`${root}examples`).filter((file) => file.endsWith('.ts'));
const names = sources.map((file) => file.slice(0, -3)).filter((name) => name !== 'listen');

function fail(message) {
  console.error(message);
  process.exit(2);
}

const [name, ...rest] = process.argv.slice(2);
if (!names.includes(name)) fail(`usage: npm run example -- ${names.join('|')} [argument]`);
if (!existsSync(`${root}dist/index.js`)) fail('the package is not built yet: npm run build');

const file = runnable(`${root}examples`, name, `${root}build-examples`);
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);
