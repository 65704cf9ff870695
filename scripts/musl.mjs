// How to run a program of musl on Debian, for x64 and under qemu for arm64: the musl of Debian's
// package, unpacked into the cache folder and not installed, and the libstdc++ of this machine, with
// the few names of glibc that it misses (glibc-names.c). scripts/test-prebuilds.mjs runs Bun so.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, UnavailableError } from './fetch.mjs';
import { provideZig } from './zig.mjs';

const MACHINES = {
  x64: {
    machine: 'x86_64',
    debian: 'amd64',
    libraries: ['/usr/lib/x86_64-linux-gnu', '/lib/x86_64-linux-gnu'],
  },
  arm64: { machine: 'aarch64', debian: 'arm64', libraries: ['/usr/aarch64-linux-gnu/lib'] },
};
const LIBRARIES = ['libstdc++.so.6', 'libgcc_s.so.1'];
/** As the one of x64 names it; that of arm64 has it preloaded. */
const SHIM = 'ld-linux-x86-64.so.2';

/** Debian's package for a processor which this system may not have: with lists of its own. */
function downloadMusl(debian, folder) {
  const lists = join(folder, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(join(folder, 'archives', 'partial'), { recursive: true });
  const options = [
    `APT::Architecture=${debian}`,
    `APT::Architectures=${debian}`,
    `Dir::State::lists=${lists}`,
    `Dir::Cache=${folder}`,
  ].flatMap((option) => ['-o', option]);
  for (const words of [['update'], ['download', 'musl']]) {
    const { status, stderr, error } = spawnSync('apt-get', ['-qq', ...options, ...words], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0) {
      throw new UnavailableError(
        `apt-get has no musl for ${debian}: ${(error?.code ?? stderr).trim()}`,
      );
    }
  }
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.deb')) ?? '');
}

function fill(folder, { machine, debian, libraries }) {
  const download = join(folder, 'download');
  mkdirSync(download);
  execFileSync('dpkg-deb', ['-x', downloadMusl(debian, download), join(folder, 'root')]);
  rmSync(download, { recursive: true });
  const lib = join(folder, 'lib');
  mkdirSync(lib);
  for (const name of LIBRARIES) {
    const found = libraries.map((place) => join(place, name)).find((path) => existsSync(path));
    if (found === undefined) throw new UnavailableError(`${name} for ${debian} is not installed`);
    copyFileSync(found, join(lib, name));
  }
  const zig = provideZig();
  const options = ['-target', `${machine}-linux-musl`, '-shared', '-fPIC', '-O1'];
  const files = ['scripts/glibc-names.c', `-Wl,-soname,${SHIM}`, '-o', join(lib, SHIM)];
  execFileSync(zig.path, ['cc', ...options, ...files], { env: zig.env });
}

/**
 * Provides musl for `arch`: x64 or arm64.
 *
 * @returns `loader`: the program that starts one of musl; `variables`: of the environment it needs.
 * @throws UnavailableError - no Debian, no network, or a library of the system is not installed.
 */
export function provideMusl(arch) {
  const machine = MACHINES[arch];
  const folder = join(cacheFolder(), `musl-${arch}`);
  if (!existsSync(folder)) {
    const fresh = mkdtempSync(join(cacheFolder(), 'fetch-'));
    try {
      fill(fresh, machine);
      renameSync(fresh, folder);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      throw error;
    }
  }
  const lib = join(folder, 'lib');
  return {
    loader: join(folder, 'root', 'lib', `${machine.machine}-linux-musl`, 'libc.so'),
    variables: { LD_LIBRARY_PATH: lib, LD_PRELOAD: join(lib, SHIM) },
  };
}
