// Runs the example file server: `npm run serve -- DIR --port N`. What it needs is made when it is
// missing: the built package, and the packages of examples/serve, which are that folder's own.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runnable } from './runnable.mjs';
import { readWords, WordsError, whole } from './words.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}examples/serve`;

function npm(why, cwd, ...args) {
  console.error(`serve: ${why}: npm ${args.join(' ')}`);
  // Standard output is the server's: its first line says where it listens.
  const { status } = spawnSync('npm', args, { cwd, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  console.error(`serve: npm ${args.join(' ')} failed in ${cwd}`);
  process.exit(1);
}

const USAGE = 'usage: npm run serve -- DIR [--port N] [--host ADDRESS]';

// Before anything is installed or built.
function checkWords() {
  const { words, isHelp } = readWords(process.argv.slice(2), {
    port: { value: 'N', ...whole(0, 65_535) },
    host: { value: 'ADDRESS' },
  });
  if (isHelp) {
    console.log(USAGE);
    process.exit();
  }
  const [folder, ...more] = words;
  if (folder === undefined) throw new WordsError('DIR is missing');
  if (more.length > 0) throw new WordsError(`'${more[0]}' is one word too many`);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new WordsError(`${folder} is no folder`);
  }
}

try {
  checkWords();
} catch (error) {
  if (!(error instanceof WordsError)) throw error;
  console.error(`serve: ${error.message} (see: npm run serve -- --help)`);
  process.exit(2);
}

if (!existsSync(`${root}dist/index.js`)) {
  if (!existsSync(`${root}node_modules`)) npm('the tools are missing', root, 'ci');
  npm('the package is not built yet', root, 'run', '--silent', 'build');
}
// npm writes this file last; it is older when another version was checked out meanwhile.
const installed = statSync(`${folder}/node_modules/.package-lock.json`, { throwIfNoEntry: false });
if (
  installed === undefined ||
  installed.mtimeMs < statSync(`${folder}/package-lock.json`).mtimeMs
) {
  npm('the packages of examples/serve are missing', folder, 'ci', '--no-audit', '--no-fund');
}
const file = runnable(folder, 'main', `${folder}/build`);
process.argv = [process.argv[0], file, ...process.argv.slice(2)];
await import(pathToFileURL(file).href);
