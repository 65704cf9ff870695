// What the page of viewer/ uses of src/ runs in a browser: nothing of it is of Node, or of this process.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('../../src/', import.meta.url);
const VIEWER = new URL('../../viewer/', import.meta.url);
const IMPORT = /^(?:import|export) (?!type )(?:[^;'=()]*? from )?'([^']+)';/gms;

/** Whatever a file of src/ has loaded with it, and what is not of src/. */
function loadedBy(start: string): Set<string> {
  const found = new Set<string>();
  const visit = (file: URL): void => {
    if (found.has(file.pathname)) return;
    found.add(file.pathname);
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (from.startsWith('.')) visit(new URL(from, file));
      else found.add(from);
    }
  };
  visit(new URL(start, ROOT));
  return found;
}

/** What the files of viewer/ import of src/. */
function usedByPage(): string[] {
  const files = readdirSync(VIEWER).filter((name) => name.endsWith('.ts'));
  const texts = files.map((name) => readFileSync(new URL(name, VIEWER), 'utf8'));
  return texts.flatMap((text) =>
    [...text.matchAll(IMPORT)].flatMap(
      ([, from = '']) => /^\.\.\/src\/(.+)$/.exec(from)?.[1] ?? [],
    ),
  );
}

it('what it loads are files of src/ that know nothing of Node', () => {
  const loaded = [...new Set(usedByPage().flatMap((path) => [...loadedBy(path)]))];
  expect(loaded.length).toBeGreaterThan(10);
  expect(loaded.filter((path) => !existsSync(path))).toEqual([]);
  const rooms = loaded.map((path) => path.slice(ROOT.pathname.length));
  expect(rooms.filter((path) => !/^(view\/|trace\/|plural|readiness-names)/.test(path))).toEqual(
    [],
  );
  const code = loaded.map((path) =>
    readFileSync(path, 'utf8').replaceAll(/^ *(\/\/|\/?\*).*$/gm, ''),
  );
  expect(code.join('\n')).not.toMatch(/\b(process\.|Buffer\.|require\()/);
});

it('the walk sees what is of Node', () => {
  expect([...loadedBy('trace/trace.ts')]).toContain('node:fs');
});
