// Where the addon is, and the one error when there is none that works; src/native.ts types what is in
// it. In this order: the file that EDGEWISE_ADDON names; a local build of the package; the binary in
// prebuilds/ for this platform, processor and C library. A bundle (docs/packaging.md) is a file of
// another place than this one: prebuilds/ is looked for beside it, and beside the program.
import { existsSync, readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EdgewiseError } from './errors.ts';

/** Where the addon came from; `edgewise doctor` prints it. */
export type AddonOrigin = 'explicit' | 'local build' | 'prebuild';

interface Candidate {
  readonly origin: AddonOrigin;
  readonly path: string;
}

/** The addon as it was loaded. */
export interface Addon extends Candidate {
  readonly exports: unknown;
}

const FILE = 'edgewise.node';
const SUPPORTED: readonly NodeJS.Platform[] = ['linux', 'darwin', 'freebsd', 'openbsd', 'netbsd'];
const REMEDY =
  'build it ("Other platforms" in CONTRIBUTING.md); for a bundle, copy prebuilds/ beside it or name ' +
  'the file in EDGEWISE_ADDON (docs/packaging.md)';

// Reads the process's own memory map: the musl loader is in it when musl runs us. On Debian the
// loader is a link to the library.
function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return /\/ld-musl-|-linux-musl\/libc\.so/.test(readFileSync('/proc/self/maps', 'latin1'));
  } catch {
    return false; // no /proc: glibc is the better guess, and a wrong one fails with a clear error
  }
}

/** This file, or the bundle that it has become a part of. */
function ownFile(): string | undefined {
  // A bundler that makes CommonJS leaves nothing of `import.meta`; some write the path of the source.
  const url: string | undefined = import.meta.url;
  if (url?.startsWith('file:')) return fileURLToPath(url);
  return typeof __filename === 'string' ? __filename : undefined;
}

function explicitPath(): string | undefined {
  const named = process.env.EDGEWISE_ADDON;
  if (named === undefined) return undefined;
  return named.startsWith('file:') ? fileURLToPath(named) : resolve(named);
}

function candidates(name: string): Candidate[] {
  const explicit = explicitPath();
  if (explicit !== undefined) return [{ origin: 'explicit', path: explicit }];
  const prebuild = join('prebuilds', name, FILE);
  const own = ownFile();
  if (own !== undefined && /^addon\.[jt]s$/.test(basename(own)) && existsSync(own)) {
    const root = dirname(dirname(own));
    return [
      { origin: 'local build', path: join(root, 'build', 'Release', FILE) },
      { origin: 'prebuild', path: join(root, prebuild) },
    ];
  }
  const bundles = [own, process.argv[1]].filter((path) => path !== undefined);
  const folders = new Set(bundles.map((path) => dirname(resolve(path))));
  return [...folders].map((folder) => ({ origin: 'prebuild', path: join(folder, prebuild) }));
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n')[0] ?? '';
}

/** Node's permission model has its own words. */
function isForbidden(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_DLOPEN_DISABLED' || code === 'ERR_ACCESS_DENIED';
}

/**
 * Loads the addon: the first file that is there. A file that is there and cannot be loaded is an
 * error, not a reason to look further: what runs would be another build than what was made.
 *
 * @throws EdgewiseError - ERR_PLATFORM_UNSUPPORTED: Windows, and others that have no back-end;
 * ERR_ADDON_MISSING: none of the places has one; ERR_ADDON_UNLOADABLE: it is for another processor
 * or C library, or is no addon.
 */
export function loadAddon(): Addon {
  if (!SUPPORTED.includes(process.platform)) {
    throw new EdgewiseError(
      'ERR_PLATFORM_UNSUPPORTED',
      `edgewise runs on Linux, macOS and the BSDs, not on ${process.platform}`,
    );
  }
  const name = `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;
  const tried = candidates(name);
  const found = tried.find(({ path }) => existsSync(path));
  if (found === undefined) {
    const places = tried.map(({ origin, path }) => `${path} (${origin})`).join(', ');
    throw new EdgewiseError(
      'ERR_ADDON_MISSING',
      `no edgewise addon for ${name}; looked at ${places || 'no place'}. What to do: ${REMEDY}`,
    );
  }
  try {
    // Of another name it would be read as JavaScript.
    if (!found.path.endsWith('.node')) throw new Error('its name does not end in .node');
    // As a member: webpack takes an import of that name away, and wants to know its argument.
    return { ...found, exports: nodeModule.createRequire(found.path)(found.path) };
  } catch (error) {
    if (isForbidden(error)) throw error;
    throw new EdgewiseError(
      'ERR_ADDON_UNLOADABLE',
      `the edgewise addon ${found.path} (${found.origin}) cannot be loaded as one for ${name}: ` +
        `${reasonOf(error)}. What to do: ${REMEDY}`,
      { cause: error },
    );
  }
}
