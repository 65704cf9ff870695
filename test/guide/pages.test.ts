// The pages of the guide: what a reader types is the programs of examples/guide/, pictures are what is drawn, and links
// lead somewhere. What the pages show is held by the longer tests (npm run test:guide).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  applyDiff,
  blocksOf,
  examplesOf,
  type Files,
  pageOf,
  STEPS,
  textOf,
  typed,
} from './page.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGES = readdirSync(join(ROOT, 'docs/guide'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/guide/${name}`);
const NOTHING: Files = new Map();
const earlierThan = (step: string): string | undefined => STEPS[STEPS.indexOf(step) - 1];
const filesOf = (step: string | undefined): Files =>
  step === undefined ? NOTHING : examplesOf(step);

test('there are ten', () => expect(STEPS).toHaveLength(10));

test('a change that fits nowhere, or twice, is refused', () => {
  expect(applyDiff('a\nb\nc\n', ' a\n-b\n+x\n')).toBe('a\nx\nc\n');
  expect(() => applyDiff('a\nb\n', '-c\n+d\n')).toThrow('at 0 places');
  expect(() => applyDiff('a\na\n', '-a\n+d\n')).toThrow('at 2 places');
});

describe.each(STEPS)('%s', (step) => {
  const page = pageOf(step);
  const blocks = blocksOf(page);

  test('typing what the page says makes the program', () => {
    const changes = blocks.filter(({ kind }) => kind === 'change');
    expect(changes.length).toBeGreaterThan(0);
    expect([...typed(filesOf(earlierThan(step)), changes)]).toEqual([...examplesOf(step)]);
  });

  test('its whole files are at the end', () => {
    const earlier = filesOf(earlierThan(step));
    const changed = [...examplesOf(step)].filter(([name, text]) => earlier.get(name) !== text);
    const shown = blocks.filter(({ kind }) => kind === 'file').map(({ of, text }) => [of, text]);
    expect(shown).toEqual(changed.map(([name, text]) => [`examples/guide/${step}/${name}`, text]));
  });

  test('no code is on the page that is not one of these', () => {
    const fences = page.match(/^```(ts|diff|text)$/gm) ?? [];
    expect(fences).toHaveLength(blocks.length);
  });
});

describe.each(PAGES.filter((path) => path.includes('how-to/')))('%s', (path) => {
  test('has one program, as it is', () => {
    const blocks = blocksOf(textOf(path));
    expect(blocks.map(({ kind }) => kind)).toEqual(['file']);
    for (const { of, text } of blocks) expect(text).toBe(textOf(of));
    expect(textOf(path).match(/^```(ts|js)$/gm)).toHaveLength(1);
  });
});

/** The anchor that a heading gets. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

test.each(PAGES)('%s has no link that leads nowhere', (path) => {
  const wrong = [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    const [file = '', anchor] = link.split('#');
    if (/^https?:/.test(link)) return [];
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(ROOT, target))) return [link];
    if (anchor === undefined) return [];
    const anchors = textOf(target).match(/^#+ .*$/gm) ?? [];
    return anchors.some((line) => anchorOf(line.replace(/^#+ /, '')) === anchor) ? [] : [link];
  });
  expect(wrong).toEqual([]);
});

test('the pictures are what the script draws, each with words for those that do not see it', () => {
  const run = spawnSync(process.execPath, [join(ROOT, 'scripts/diagrams.mjs'), '--check']);
  expect({ status: run.status, stderr: String(run.stderr) }).toEqual({ status: 0, stderr: '' });
  const pictures = readdirSync(join(ROOT, 'docs/guide/pictures'));
  expect(pictures.length).toBe(6);
  for (const name of pictures) {
    expect(textOf(`docs/guide/pictures/${name}`)).toMatch(
      /<title id="title">.+<\/title>\n {2}<desc .+<\/desc>/,
    );
    expect(textOf('docs/guide/README.md')).toMatch(new RegExp(`!\\[.{40,}\\]\\(pictures/${name}`));
  }
});
