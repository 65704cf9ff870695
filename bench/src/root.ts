// Where the checkout is: this code runs from bench/src (tests) and from build-bench/bench/src (the command).
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(from: string): string {
  if (existsSync(join(from, 'binding.gyp'))) return from;
  if (dirname(from) === from) throw new Error('the benchmark suite is not inside a checkout');
  return findRoot(dirname(from));
}

const root = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The path of a file of the checkout. */
export function inRoot(path: string): string {
  return join(root, path);
}
