// A browser that looks at pages of the site, several at a time, and says what is wrong with each.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { PROGRAM, QUIET } from '../viewer/browser.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SERIOUS = ['serious', 'critical'];
export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

export function start(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM ?? '', args: [...QUIET] });
}

/**
 * Calls `look` for each path, as many at a time as there are CPUs, each time with a page of the same width
 * that no one listens to. (A page for each path would take a third of the time by itself.)
 */
export async function each(
  browser: Browser,
  options: BrowserContextOptions,
  paths: readonly string[],
  look: (page: Page, path: string) => Promise<void>,
): Promise<void> {
  const rest = [...paths];
  const worker = async () => {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    for (let path = rest.shift(); path !== undefined; path = rest.shift()) {
      await page.setViewportSize(options.viewport ?? WIDE);
      await look(page, path);
      page.removeAllListeners();
    }
    await context.close();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** What a page says on its console, what it fails to load, and what it throws. */
export function troubleOf(page: Page): readonly string[] {
  const trouble: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) trouble.push(message.text());
  });
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    if (why === 'net::ERR_ABORTED') return; // fetched ahead, and the page was left before it came
    trouble.push(`${request.url()} was not loaded: ${why}`);
  });
  return trouble;
}

/** Opens a page, and waits until its scripts have taken over. */
export async function open(page: Page, url: string): Promise<void> {
  await page.goto(url, { waitUntil: 'load' });
  await page.waitForFunction('document.querySelector("#app")?.__vue_app__ !== undefined');
}

/** Images that are there but show nothing. All are asked for first. */
export function brokenImages(page: Page): Promise<string[]> {
  return page.evaluate(`(async () => {
    const images = [...document.images].filter((image) => image.getClientRects().length > 0);
    for (const image of images) image.loading = 'eager';
    await Promise.all(images.map((image) => image.decode().catch(() => undefined)));
    return images.filter((image) => image.naturalWidth === 0).map((image) => image.src);
  })()`);
}

/** Pixels by which a page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth');
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/**
 * What axe finds to be serious or critical: `'color-contrast (3): <a …>'`.
 *
 * @param part - a selector: the whole page, or only what is not the same on every other.
 */
export async function violations(page: Page, part: 'body' | '#VPContent'): Promise<string[]> {
  await page.evaluate(AXE);
  const found: readonly Violation[] = await page.evaluate(`
    axe.run('${part}', { resultTypes: ['violations'], iframes: false }).then((result) => result.violations)
  `);
  return found
    .filter(({ impact }) => SERIOUS.includes(impact))
    .map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0]?.html.slice(0, 160)}`);
}
