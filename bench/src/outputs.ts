// Where a run writes to: looked at before it begins, since a run of twenty minutes is not to be lost
// to a name.
import { closeSync, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from './plan.ts';

export interface Outputs {
  readonly json?: string;
  readonly html?: string;
  readonly markdown?: string;
  /** A folder. */
  readonly svg?: string;
}

/**
 * Makes the folders, and sees that files can be written in them. What is in a file stays.
 *
 * @throws UsageError - one of them cannot be written.
 */
export function prepareOutputs({ json, html, markdown, svg }: Outputs): void {
  attempt('--json', json, prepareFile);
  attempt('--html', html, prepareFile);
  attempt('--markdown', markdown, prepareFile);
  attempt('--svg', svg, (folder) => prepareFile(join(folder, '.edgewise-bench')));
}

function attempt(flag: string, path: string | undefined, prepare: (path: string) => void): void {
  if (path === undefined) return;
  try {
    prepare(resolve(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${flag} ${path} cannot be written: ${reason}`, { cause: error });
  }
}

function prepareFile(path: string): void {
  makeFolder(dirname(path));
  const isNew = !existsSync(path);
  closeSync(openSync(path, 'a')); // EISDIR, EACCES, EROFS, ...
  if (isNew) rmSync(path);
}

// Level by level: with `recursive`, Node 20 never comes back from a folder that can be neither found
// nor made, such as /proc/nope.
function makeFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found !== undefined) throw new Error(`${path} is no folder`);
  makeFolder(dirname(path));
  mkdirSync(path);
}
