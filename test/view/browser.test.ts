// The room runs in a browser: nothing that it uses at run time is of Node, or of this process; but page.ts,
// which makes the page that a browser opens.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('../../src/', import.meta.url);
const PAGE = '/src/view/page.ts';
const IMPORT = /^(?:import|export) (?!type )(?:[^;'=()]*? from )?'([^']+)';/gms;

/** Whatever a file of src/ has loaded with it, and what is not of src/. */
function loadedBy(start: string): Set<string> {
  const found = new Set<string>();
  const visit = (file: URL): void => {
    if (found.has(file.pathname) || file.pathname.endsWith(PAGE)) return;
    found.add(file.pathname);
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (from.startsWith('.')) visit(new URL(from, file));
      else found.add(from);
    }
  };
  visit(new URL(start, ROOT));
  return found;
}

it('what it loads are files of src/ that know nothing of Node', () => {
  const loaded = [...loadedBy('view/index.ts')];
  expect(loaded.length).toBeGreaterThan(10);
  expect(loaded.filter((path) => !existsSync(path))).toEqual([]);
  const rooms = loaded.map((path) => path.slice(ROOT.pathname.length));
  expect(rooms.filter((path) => !/^(view\/|trace\/|readiness-names)/.test(path))).toEqual([]);
  const code = loaded.map((path) =>
    readFileSync(path, 'utf8').replaceAll(/^ *(\/\/|\/?\*).*$/gm, ''),
  );
  expect(code.join('\n')).not.toMatch(/\b(process\.|Buffer\.|require\()/);
});

it('the walk sees what is of Node', () => {
  expect([...loadedBy('trace/trace.ts')]).toContain('node:fs');
});
