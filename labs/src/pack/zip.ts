// Files as a zip archive, which is the same for the same files.
import { type Zippable, zipSync } from 'fflate';
import type { Files } from './bundle.ts';

const UNIX = 3;
const FILE = 0o100644;
const PROGRAM = 0o100755;
/** Where the mode is in the attributes of an entry. */
const MODE_SHIFT = 16;
const TIME = '2020-01-01T00:00:00';

export function zipOf(files: Files): Uint8Array {
  const entries: Zippable = {};
  for (const [path, { bytes, isExecutable = false }] of files) {
    const attrs = ((isExecutable ? PROGRAM : FILE) << MODE_SHIFT) >>> 0;
    entries[path] = [bytes, { os: UNIX, attrs, mtime: TIME }];
  }
  return zipSync(entries);
}
