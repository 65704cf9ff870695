// The search, which works without a network: names of code are found whole and by their parts, and a result
// opens the place that it names.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser } from '../viewer/browser.ts';
import { open, start, troubleOf, WIDE } from './browser.ts';
import { type Served, serve } from './files.ts';

const FIRST = '.VPLocalSearchBox .result';

/** What is typed, and where the first result leads. */
const QUERIES: readonly (readonly [typed: string, place: RegExp])[] = [
  ['registerEdge', /\/(api\/edgewise\/classes\/Reactor|reactor)\.html#.*registeredge/],
  ['setsockopt', /\/api\/edgewise\/sys\/(index\.html)?#setsockopt/],
  ['WOULD_BLOCK', /\/api\/edgewise\/sys\/(index\.html)?#would_block/],
  ['readInto', /\/api\/edgewise\/promises\/.*#readinto/],
  ['epoll_ctl', /\/api\/edgewise\/sys\/(index\.html)?#epoll_ctl/],
  ['ReactorPool', /\/api\/edgewise\/multi\/classes\/ReactorPool\.html/],
  ['createData', /#createdata/],
  ['toDuplex', /#toduplex/],
  ['EDGEWISE_ADDON', /\/packaging\.html#(where-the-addon-is-looked-for|one-executable)$/],
  ['backpressure', /\/(guide\/04-backpressure\.html|net\.html#backpressure)/],
];
/** What is typed, and what one of the first results is called. */
const PARTS: readonly (readonly [typed: string, title: RegExp])[] = [
  ['register edge', /registerEdge/],
  ['would block', /WOULD_BLOCK/],
  ['sock opt', /setsockopt|getsockopt|Socket/i],
  ['where addon', /Where the addon is looked for/],
];
/** What is typed, and which places are all among the first results. */
const TOGETHER: readonly (readonly [typed: string, places: readonly RegExp[]])[] = [
  ['backpressure', [/\/guide\/04-backpressure\.html/, /\/net\.html#backpressure$/]],
  ['EDGEWISE_ADDON', [/#where-the-addon-is-looked-for$/, /#one-executable$/]],
  ['Connection', [/\/edgewise\/interfaces\/Connection\./, /\/promises\/interfaces\/Connection\./]],
];

describe.skipIf(!hasBrowser)('the search', () => {
  let browser: Browser;
  let served: Served;
  let page: Page;
  let trouble: readonly string[];

  beforeAll(async () => {
    served = await serve();
    browser = await start();
    page = await browser.newPage({ viewport: WIDE, reducedMotion: 'reduce' });
    trouble = troubleOf(page);
    await open(page, served.url);
  });

  afterAll(async () => {
    await browser?.close();
    served?.close();
  });

  async function type(text: string): Promise<void> {
    await open(page, served.url);
    await page.keyboard.press('/');
    await page.locator('#localsearch-input').fill(text);
    await page.locator(FIRST).first().waitFor();
  }

  it.each(QUERIES)('%s opens %s', async (typed, place) => {
    await type(typed);
    await page.locator(FIRST).first().click();
    await page.locator('.VPLocalSearchBox').waitFor({ state: 'detached' });
    expect(page.url()).toMatch(place);
    const anchor = new URL(page.url()).hash.slice(1);
    if (anchor !== '') await page.locator(`[id="${anchor}"]`).waitFor();
  });

  it.each(PARTS)('%s finds %s', async (typed, title) => {
    await type(typed);
    const titles = await page.locator(FIRST).allTextContents();
    expect(titles.slice(0, 5).join('\n')).toMatch(title);
  });

  it.each(TOGETHER)('%s finds all of %s', async (typed, places) => {
    await type(typed);
    const links = await page.locator(FIRST).evaluateAll((results) => {
      return results.map((result) => result.getAttribute('href') ?? '');
    });
    const first = links.slice(0, 5);
    expect(places.filter((place) => !first.some((link) => place.test(link)))).toEqual([]);
  });

  it('finds nothing for what is nowhere, and says so', async () => {
    await open(page, served.url);
    await page.keyboard.press('/');
    await page.locator('#localsearch-input').fill('xqzvwkjy');
    await page.locator('.no-results').waitFor();
    expect(await page.locator(FIRST).count()).toBe(0);
  });

  it('says nothing on the console', () => expect(trouble).toEqual([]));
});
