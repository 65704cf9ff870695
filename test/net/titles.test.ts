// docs/net.faults.md names tests: each of them must exist in a file of the name before it, which may
// begin with the room.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const TESTS = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(path, 'utf8');

const paths = readdirSync(TESTS, { recursive: true, encoding: 'utf8' });

/** Whether a test of this title is in a file of this name: `'attempts'`, `'connect/attempts'`. */
function exists(name: string, title: string): boolean {
  const found = paths.filter((path) => `/${path}`.endsWith(`/${name}.test.ts`));
  return found.some((path) => read(join(TESTS, path)).includes(title));
}

/** `[file, title]` of every test that the page names. */
function namedTests(): (readonly [string, string])[] {
  let file = '';
  return [
    ...read(join(TESTS, '../docs/net.faults.md')).matchAll(/`([a-z./-]+)`: |_\*\*(.+?)\*\*_/g),
  ].flatMap(([, name, title]) => {
    file = name ?? file;
    return title === undefined ? [] : [[file, title] as const];
  });
}

it('every test that the page about faults names is there', () => {
  const named = namedTests();
  expect(named.length).toBeGreaterThan(25);
  const missing = named.filter(([file, title]) => !exists(file, title));
  expect(missing).toEqual([]);
});
