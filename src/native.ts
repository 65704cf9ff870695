// The only file that loads the addon, and the types of all that it holds. Arguments go to it
// unchecked: native code takes only what is exactly right and answers REFUSED (src/validate.ts).
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { EdgewiseError } from './errors.ts';

/** Where the addon came from; `edgewise doctor` prints it. */
export type AddonOrigin = 'explicit' | 'local build' | 'prebuild';

interface Candidate {
  readonly origin: AddonOrigin;
  readonly path: string;
}

const SUPPORTED: readonly NodeJS.Platform[] = ['linux', 'darwin', 'freebsd', 'openbsd', 'netbsd'];

// Reads the process's own memory map: the musl loader stands in it when musl runs us.
function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');
  } catch {
    return false; // no /proc: glibc is the better guess, and a wrong one fails with a clear error
  }
}

function candidates(): Candidate[] {
  const explicit = process.env['EDGEWISE_ADDON'];
  if (explicit !== undefined) return [{ origin: 'explicit', path: explicit }];
  const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
  const libc = isMusl() ? '-musl' : '';
  return [
    { origin: 'local build', path: root('build/Release/edgewise.node') },
    {
      origin: 'prebuild',
      path: root(`prebuilds/${process.platform}-${process.arch}${libc}/edgewise.node`),
    },
  ];
}

function load(): { native: Native; origin: AddonOrigin; path: string } {
  if (!SUPPORTED.includes(process.platform)) {
    throw new EdgewiseError(
      'ERR_PLATFORM_UNSUPPORTED',
      `edgewise runs on Linux, macOS and the BSDs, not on ${process.platform}`,
    );
  }
  const tried = candidates();
  const found = tried.find(({ path }) => existsSync(path));
  if (found === undefined) {
    throw new EdgewiseError(
      'ERR_ADDON_MISSING',
      `no edgewise addon for ${process.platform}-${process.arch}; looked at ` +
        `${tried.map(({ path }) => path).join(', ')}. Build it: see "Other platforms" in the README`,
    );
  }
  return { native: createRequire(import.meta.url)(found.path) as Native, ...found };
}

export interface Native extends SyscallBindings, PollerBindings {}

/** The functions behind `edgewise/sys`: >= 0, -errno, or REFUSED. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the sys layer
export interface SyscallBindings {}

/** The functions behind Poller, Waker, signals and the drivers. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the poller layer
export interface PollerBindings {}

const loaded = load();
export const native: Native = loaded.native;
export const addonOrigin: AddonOrigin = loaded.origin;
export const addonPath: string = loaded.path;
