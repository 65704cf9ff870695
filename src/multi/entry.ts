// The files that threads run. In the package they are beside this one; a bundle has only what it
// imports, and no file of theirs (docs/packaging.md).
import { existsSync } from 'node:fs';
import { EdgewiseError } from '../errors.ts';

/**
 * Finds the file that a thread runs. The built one is run from the sources as well, as in tests: the
 * oldest Node that we support loads no TypeScript.
 *
 * @throws EdgewiseError - ERR_THREAD_FILE_MISSING: this is a part of a bundle.
 */
export function threadFile(name: 'worker' | 'offload-thread'): URL {
  const url: string | undefined = import.meta.url;
  const [, kind] = /^file:.*\/multi\/entry\.([jt]s)$/.exec(url ?? '') ?? [];
  if (kind !== undefined) {
    const beside = kind === 'js' ? `./${name}.js` : `../../dist/multi/${name}.js`;
    const file = new URL(beside, url);
    if (existsSync(file)) return file;
  }
  throw new EdgewiseError(
    'ERR_THREAD_FILE_MISSING',
    `the file ${name}.js of edgewise/multi is not beside it: leave edgewise out of the bundle, as an ` +
      'external package (docs/packaging.md)',
  );
}
