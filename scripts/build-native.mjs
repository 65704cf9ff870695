// Builds the addon, the load generator and the bench peers with node-gyp. Configures only when
// binding.gyp or the Node version changed; make then compiles only what changed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';

const STAMP = 'build/.configured-for';
const gyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');

function runGyp(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [gyp, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}\nedgewise: node-gyp ${args[0]} failed\n`);
  process.exit(1);
}

function isConfigured() {
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== process.version) return false;
  return statSync(STAMP).mtimeMs >= statSync('binding.gyp').mtimeMs;
}

if (!isConfigured()) {
  runGyp('configure');
  writeFileSync(STAMP, process.version);
}
runGyp('build', '--jobs', String(availableParallelism()));
