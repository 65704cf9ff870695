// The report in a real browser: no errors, no requests, every plot has a box, nothing sticks out.
// REPORT_SCREENSHOTS names a folder for pictures to look at.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare } from '../src/compare.ts';
import type { Results } from '../src/model.ts';
import { toHtml } from '../src/report/html.ts';
import { plotsOf } from '../src/report/plots.ts';
import { fixture } from './fixture.ts';

const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
if (PROGRAM === undefined) {
  console.log('skipped: no Chromium here (apt install chromium)');
}

describe.skipIf(PROGRAM === undefined)('the report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-report-'));
  const shots = process.env.REPORT_SCREENSHOTS;
  const results = busy(fixture());
  let browser: Browser;

  beforeAll(async () => {
    const title = 'Against an earlier run';
    const comparison = compare(fixture({ seed: 2 }), results);
    writeFileSync(join(folder, 'report.html'), toHtml(results, [{ title, comparison }]));
    browser = await chromium.launch({ executablePath: PROGRAM ?? '', args: QUIET });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** A machine that did something else before. */
  function busy(quiet: Results): Results {
    return { ...quiet, load: { before: { steal: 0, otherLoad: 0.4, runQueue: 1.2 } } };
  }

  async function open(width: number, colorScheme: 'light' | 'dark') {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const trouble: string[] = [];
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(String(error)));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) trouble.push(request.url());
    });
    await page.goto(pathToFileURL(join(folder, 'report.html')).href);
    if (shots !== undefined) {
      await page.screenshot({ path: join(shots, `${colorScheme}-${width}.png`), fullPage: true });
    }
    return { page, trouble };
  }

  const views = [400, 1280].flatMap((width) =>
    (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
  );
  it.each(views)('$width px, $scheme: quiet, visible, inside its box', async (view) => {
    const { page, trouble } = await open(view.width, view.scheme);
    expect(trouble).toEqual([]);
    const boxes = await page
      .locator('svg')
      .evaluateAll((all) =>
        all.map((svg) => ({ width: svg.clientWidth, height: svg.clientHeight })),
      );
    expect(boxes).toHaveLength(plotsOf(results).length);
    expect(boxes.filter(({ width, height }) => width < 300 || height < 80)).toEqual([]);
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(view.width);
    await page.close();
  });

  it('nothing is clipped at 1280 px: no table or plot scrolls inside its box', async () => {
    const { page } = await open(1280, 'light');
    const clipped = await page
      .locator('.wide')
      .evaluateAll((all) =>
        all
          .filter((box) => box.scrollWidth > box.clientWidth + 1)
          .map((box) => `${box.getAttribute('aria-label')}: ${box.scrollWidth}`),
      );
    expect(clipped).toEqual([]);
    await page.close();
  });

  it('the headline plot is the first one, and the banner of a disturbed run above it', async () => {
    const { page } = await open(1280, 'light');
    const first = page.locator('main > *').first();
    expect(await first.getAttribute('class')).toBe('banner');
    expect(await first.textContent()).toContain('Disturbed.');
    const figure = page.locator('main > *').nth(1);
    expect(await figure.locator('figcaption').textContent()).toMatch(
      /^TCP echo: 64 connections, 64 B/,
    );
    const top = await figure.locator('svg').evaluate((svg) => svg.getBoundingClientRect().top);
    expect(top).toBeLessThan(600); // most of it is seen without scrolling
    await page.close();
  });

  it('no text of a plot sticks out of it or lies on another', async () => {
    const { page } = await open(1280, 'light');
    const clashes = await page.locator('svg').evaluateAll((all) =>
      all.flatMap((svg) => {
        const outer = svg.getBoundingClientRect();
        const texts = [...svg.querySelectorAll('text')].map((text) => ({
          text: `${svg.getAttribute('aria-label')}: ${text.textContent}`,
          box: text.getBoundingClientRect(),
        }));
        const out = texts.filter(
          ({ box }) =>
            box.left < outer.left - 1 ||
            box.right > outer.right + 1 ||
            box.top < outer.top - 1 ||
            box.bottom > outer.bottom + 1,
        );
        const over = texts.filter(({ box }, at) =>
          texts
            .slice(0, at)
            .some(
              (other) =>
                Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left) > 2 &&
                Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) > 5,
            ),
        );
        return [...out.map((one) => `out: ${one.text}`), ...over.map((one) => `on: ${one.text}`)];
      }),
    );
    expect(clashes).toEqual([]);
    await page.close();
  });
});
