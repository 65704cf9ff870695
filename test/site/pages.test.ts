// Every page of the site in a browser: nothing on the console, pictures, and the width of a phone. Contrast and
// the like (axe, which takes longer than all else) are looked at on every page that people have written, and
// on a few of each kind of the reference, whose pages are made of the same parts.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser } from '../viewer/browser.ts';
import {
  brokenImages,
  each,
  open,
  overflow,
  PHONE,
  start,
  troubleOf,
  violations,
  WIDE,
} from './browser.ts';
import { pages, type Served, serve } from './files.ts';

/** One of each kind, which are looked at in the dark as well. */
const KINDS = [
  'index.html',
  'guide/index.html',
  'guide/03-many-clients.html',
  'live.html',
  'performance.html',
  'semantics.html',
  'errors.html',
  'adr/index.html',
  'labs/01-bytes/index.html',
  'api/index.html',
  'api/edgewise/index.html',
  'api/edgewise/sys/index.html',
  'api/edgewise/interfaces/Connection.html',
];

/** What people have written, and of each folder of the reference (`api/edgewise/net/classes/`) the first page. */
function sample(): ReadonlySet<string> {
  const folders = new Set<string>();
  const chosen = pages.filter((path) => {
    const folder = path.replace(/[^/]*$/, '');
    const isFirst = !folders.has(folder);
    folders.add(folder);
    return isFirst || !folder.startsWith('api/');
  });
  return new Set([...chosen, ...KINDS]);
}

/** Axe looks at the sample only; with EDGEWISE_SITE_SAMPLE=1, as in CI, nothing else is looked at at all. */
const isSample = process.env.EDGEWISE_SITE_SAMPLE === '1';
const examined = sample();
const looked = isSample ? [...examined] : pages;
if (isSample) console.log(`a sample of the pages: ${looked.length} of ${pages.length}`);

type Findings = Record<'console' | 'images' | 'axe' | 'phone' | 'dark', string[]>;

describe.skipIf(!hasBrowser)(`${looked.length} of ${pages.length} pages`, () => {
  const found: Findings = { console: [], images: [], axe: [], phone: [], dark: [] };
  let visits = 0;
  let browser: Browser;
  let served: Served;

  beforeAll(async () => {
    served = await serve();
    browser = await start();
    await each(browser, { viewport: WIDE }, looked, async (page, path) => {
      const note = (what: string) => `${path}: ${what}`;
      const trouble = troubleOf(page);
      await open(page, served.url + path);
      found.images.push(...(await brokenImages(page)).map(note));
      if (examined.has(path)) {
        const part = KINDS.includes(path) ? 'body' : '#VPContent';
        found.axe.push(...(await violations(page, part)).map(note));
      }
      await page.setViewportSize(PHONE);
      const pixels = await overflow(page);
      if (pixels > 0) found.phone.push(note(`${pixels} pixels too wide`));
      found.console.push(...trouble.map(note));
      visits++;
    });
    await each(browser, { viewport: WIDE, colorScheme: 'dark' }, KINDS, async (page, path) => {
      const trouble = troubleOf(page);
      await open(page, served.url + path);
      const dark = [...(await violations(page, 'body')), ...(await brokenImages(page)), ...trouble];
      found.dark.push(...dark.map((what) => `${path}: ${what}`));
    });
  });

  afterAll(async () => {
    await browser?.close();
    served?.close();
  });

  it('were all looked at, with one of each kind among them', () => {
    expect(visits).toBe(looked.length);
    expect(KINDS.filter((path) => !pages.includes(path))).toEqual([]);
  });

  it('say nothing on the console', () => expect(found.console).toEqual([]));
  it('show their pictures', () => expect(found.images).toEqual([]));
  it(`have nothing that axe finds to be serious: ${examined.size} of them`, () =>
    expect(found.axe).toEqual([]));
  it('are not wider than a phone', () => expect(found.phone).toEqual([]));
  it('are as good in the dark, one of each kind', () => expect(found.dark).toEqual([]));
});
