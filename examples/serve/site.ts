// From the target of a request to an open file below the root: nothing outside of it, no name
// that begins with a dot, no devices. Everything that is not there is 404, whatever the reason.
import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { contentType } from 'mime-types';
import { Refusal } from './response.ts';

// O_NONBLOCK: opening a FIFO must not wait for its writer. O_NOFOLLOW: links are resolved already.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
const NOT_THERE = /^(ENOENT|ENOTDIR|EACCES|EPERM|ELOOP|ENAMETOOLONG|ENXIO)$/;

/** An open file; the caller closes the handle. */
export interface SiteFile {
  readonly handle: FileHandle;
  readonly size: number;
  readonly type: string;
  readonly etag: string;
  readonly modifiedMs: number;
}

/**
 * Opens what the target names, `index.html` for a folder.
 *
 * @param root - a real path.
 * @throws Refusal - 301: a folder without its slash. 400: no path. 404. 503: out of descriptors.
 */
export async function openTarget(root: string, target: string): Promise<SiteFile> {
  const [path = '', query] = target.replace(/^http:\/\/[^/?]*/i, '').split(/\?(.*)/, 2);
  const segments = segmentsOf(path || '/');
  try {
    const isFolder = segments.at(-1) === '';
    const name = await realpath(join(root, ...segments, isFolder ? 'index.html' : ''));
    if (isHidden(relative(root, name))) throw new Refusal(404);
    const handle = await open(name, FLAGS);
    const file = await describe(handle, name);
    if (file !== undefined) return file;
    if (isFolder) throw new Refusal(404);
    const location = `/${segments.map(encodeURIComponent).join('/')}/`;
    throw new Refusal(301, { Location: query === undefined ? location : `${location}?${query}` });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (NOT_THERE.test(code)) throw new Refusal(404);
    throw /^E[MN]FILE$/.test(code) ? new Refusal(503) : error;
  }
}

function segmentsOf(path: string): string[] {
  if (!path.startsWith('/') || path.includes('#')) throw new Refusal(400);
  const segments = path.slice(1).split('/').map(decode);
  if (segments.some((segment) => /[/\0]/.test(segment))) throw new Refusal(400);
  // The last one may be empty: a folder.
  if (segments.slice(0, -1).includes('') || segments.some(isHidden)) throw new Refusal(404);
  return segments;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal(400); // not UTF-8, or a per cent sign without its digits
  }
}

/** Dot files, and the two dots of a way out of the root. */
function isHidden(path: string): boolean {
  return path.split(sep).some((segment) => segment.startsWith('.'));
}

/** Undefined for a folder; its handle is closed then. */
async function describe(handle: FileHandle, name: string): Promise<SiteFile | undefined> {
  let file: SiteFile | undefined;
  try {
    const stats = await handle.stat();
    if (!stats.isFile() && !stats.isDirectory()) throw new Refusal(404);
    if (stats.isDirectory()) return undefined;
    const { size, mtimeMs: modifiedMs } = stats;
    const etag = `"${size.toString(16)}-${Math.floor(modifiedMs).toString(16)}"`;
    const type = contentType(extname(name)) || 'application/octet-stream';
    file = { handle, size, type, etag, modifiedMs };
    return file;
  } finally {
    if (file === undefined) await handle.close();
  }
}
