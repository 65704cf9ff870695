// Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer into build-asan/ and runs
// the fuzz of test/fuzz on it. Linux with gcc. Arguments: [seed] [count of calls].
//
// The sanitizer's runtime has to be in the process before node's own allocator is used, hence
// LD_PRELOAD. Leaks are not looked for: node frees little at its exit.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = `${ROOT}build-asan`;
const ADDON = `${FOLDER}/build/Release/edgewise.node`;
const SANITIZE = '-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined';
const require = createRequire(import.meta.url);

function run(command, args, options = {}) {
  const { status, signal } = spawnSync(command, args, { stdio: 'inherit', cwd: ROOT, ...options });
  if (status === 0) return;
  process.stderr.write(`edgewise: ${command} ${args[0]} failed (${signal ?? status})\n`);
  process.exit(1);
}

function buildAddon() {
  mkdirSync(FOLDER, { recursive: true });
  // A copy, since gyp builds beside the file that a link leads to.
  copyFileSync(`${ROOT}binding.gyp`, `${FOLDER}/binding.gyp`);
  for (const name of ['native', 'bench']) {
    if (!existsSync(`${FOLDER}/${name}`)) symlinkSync(`../${name}`, `${FOLDER}/${name}`);
  }
  const flags = `${SANITIZE} -g -fno-omit-frame-pointer`;
  const env = { ...process.env, CFLAGS: flags, CXXFLAGS: flags, LDFLAGS: SANITIZE };
  const gyp = [require.resolve('node-gyp/bin/node-gyp.js'), '--silent', '-C', FOLDER];
  run(process.execPath, [...gyp, 'configure'], { env });
  const jobs = ['--jobs', String(availableParallelism())];
  run(process.execPath, [...gyp, 'build', ...jobs], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function runtimePath(name) {
  return spawnSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();
}

const [seed = '20261121', callCount = '20000'] = process.argv.slice(2);
buildAddon();
run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'test/fuzz/tsconfig.json']);
run(process.execPath, [`${FOLDER}/js/test/fuzz/main.js`, seed, callCount], {
  env: {
    ...process.env,
    EDGEWISE_ADDON: ADDON,
    LD_PRELOAD: `${runtimePath('libasan.so')} ${runtimePath('libubsan.so')}`,
    ASAN_OPTIONS: 'detect_leaks=0:halt_on_error=1:abort_on_error=0',
    UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
  },
});
