// docs/net.faults.md names tests: each of them must exist in the file that is named before it.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** `[file, title]` of every test that the page names. */
function namedTests(): (readonly [string, string])[] {
  let file = '';
  return [...read('../../docs/net.faults.md').matchAll(/`([a-z./]+)`: |_\*\*(.+?)\*\*_/g)].flatMap(
    ([, name, title]) => {
      file = name ?? file;
      return title === undefined ? [] : [[file, title] as const];
    },
  );
}

it('every test that the page about faults names is there', () => {
  const named = namedTests();
  expect(named.length).toBeGreaterThan(25);
  const missing = named.filter(([file, title]) => !read(`${file}.test.ts`).includes(title));
  expect(missing).toEqual([]);
});
