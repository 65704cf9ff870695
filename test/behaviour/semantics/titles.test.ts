// Keeps docs/semantics.md honest: every sentence in bold italics is the title of a test here.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const folder = new URL('./', import.meta.url);
const root = new URL('../../../', import.meta.url);

/** The sentences between `_**` and `**_`, or `**_` and `_**`, line breaks taken out. */
function promisesIn(markdown: string): string[] {
  const marked = markdown.matchAll(/_\*\*(.+?)\*\*_|\*\*_(.+?)_\*\*/gs);
  return [...marked].map(([, a, b]) => ((a ?? b) as string).replace(/\s+/g, ' ').trim());
}

/** The titles in the source of a test, with the quotes that they are written in. */
function titlesIn(source: string): string[] {
  return [...source.matchAll(/\bit\(\s*(['"])(.+?)\1,/gs)].map(([, , title]) => title as string);
}

const promises = promisesIn(readFileSync(new URL('docs/semantics.md', root), 'utf8'));
const titles = new Set(
  readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts') && name !== 'titles.test.ts')
    .flatMap((name) => titlesIn(readFileSync(new URL(name, folder), 'utf8'))),
);

describe('docs/semantics.md', () => {
  it('is read as it is written', () => {
    expect(promisesIn('- _**One\n  thing.**_ x **_Two._** **bold** ***')).toEqual([
      'One thing.',
      'Two.',
    ]);
    expect(promises.length).toBeGreaterThan(30);
  });

  it.each(promises)('has a test of this title: %s', (promise) => {
    expect([...titles]).toContain(promise);
  });
});
