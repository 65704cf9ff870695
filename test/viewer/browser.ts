// A browser without a network, and the page of a trace in it.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { encodeTrace, type TraceData } from '../../src/trace/index.ts';
import { pageOf } from '../../src/view/index.ts';

export const PROGRAM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path));
export const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Whether there is a browser. If not, it says so. */
export const hasBrowser = PROGRAM !== undefined;
if (!hasBrowser) console.log('skipped: no Chromium here (apt install chromium)');

/** A page that is open, what it has said or refused, and what it has asked for. */
export interface Opened {
  readonly page: Page;
  readonly trouble: readonly string[];
  readonly requests: readonly string[];
  readonly url: string;
}

/** Opens pages of traces. */
export class Opener {
  readonly #folder = mkdtempSync(join(tmpdir(), 'edgewise-page-'));
  readonly #browser: Browser;

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Opener> {
    return new Opener(await chromium.launch({ executablePath: PROGRAM ?? '', args: QUIET }));
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Opens the page of a trace, and waits until it is drawn, unless it is none that can be. */
  async open(
    trace: TraceData,
    name: string,
    options: BrowserContextOptions = {},
    isShown = true,
  ): Promise<Opened> {
    const file = join(this.#folder, 'page.html');
    writeFileSync(file, pageOf(encodeTrace(trace), name));
    const viewport = { width: 1280, height: 900 };
    const context = await this.#browser.newContext({ viewport, ...options });
    await context.setOffline(true);
    const page = await context.newPage();
    const trouble: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => trouble.push(message.text()));
    page.on('pageerror', (error) => trouble.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) requests.push(request.url());
    });
    await page.addInitScript(
      "addEventListener('securitypolicyviolation', (event) => console.log('refused: ' + event.blockedURI))",
    );
    const url = pathToFileURL(file).href;
    await page.goto(url);
    if (isShown) await page.locator('html[data-drawn-ms]').waitFor({ state: 'attached' });
    return { page, trouble, requests, url };
  }
}
