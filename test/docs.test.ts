// Pages that a reader takes at their word: programs that are to be run as they stand, and tables that
// are to be complete.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found as string);

/** Runs it from within the package, where `edgewise` is its own name. */
function run(program: string): string {
  const folder = mkdtempSync(join(ROOT, 'build', 'docs-'));
  try {
    const file = join(folder, 'program.mjs');
    writeFileSync(file, program);
    return execFileSync(process.execPath, [file], { encoding: 'utf8', timeout: 30_000 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('docs/reactor.md', () => {
  const programs = matches(textOf('docs/reactor.md'), /```js\n(.*?)```/gs);

  it.each(['hello', 'woken'])('has a program that prints %s, and ends', (word) => {
    const found = programs.filter((program) => program.includes(`'${word}'`));
    expect(found).toHaveLength(1);
    expect(run(found[0] as string)).toBe(`${word}\n`);
  });

  it('has every option of a reactor', () => {
    const [, options = ''] =
      /interface ReactorOptions \{(.*?)\n\}/s.exec(textOf('src/reactor/options.ts')) ?? [];
    const names = matches(options, /^ {2}readonly (\w+)\?/gm);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names)
      expect(textOf('docs/reactor.md')).toMatch(new RegExp(`\\| \`${name}`));
  });
});

describe('docs/guide/scale.md', () => {
  const blocks = [
    ...textOf('docs/guide/scale.md').matchAll(/<!-- from: (\S+) -->\n\n```\w+\n(.*?)```/gs),
  ];

  it('has its blocks from the program that the test of the cluster runs', () => {
    expect(blocks.length).toBeGreaterThan(7);
    for (const [, path = '', text = ''] of blocks) expect(textOf(path), path).toContain(text);
  });

  it('has no other block of a program', () => {
    const all = matches(textOf('docs/guide/scale.md'), /^```(ts|ini)$/gm);
    const from = blocks.filter(([block]) => /```(ts|ini)\n/.test(block));
    expect(all).toHaveLength(from.length);
  });
});

describe('docs/errors.md', () => {
  it('has a row for every code of an EdgewiseError, and for no other', () => {
    const codes = matches(textOf('src/errors.ts'), /^ {2}\| '(ERR_\w+)'/gm);
    expect(codes.length).toBeGreaterThan(20);
    expect(matches(textOf('docs/errors.md'), /^\| (ERR_\w+) \|/gm).sort()).toEqual(codes.sort());
  });
});
