// Makes docs/pictures/: traces the programs of examples/seeing/, opens the page of each in Chromium, and
// takes what is at the finding that it is an example of. Run by `npm run build -- pictures`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { pageOf } from '../dist/view/index.js';

/** What each program is an example of, and the keys that show it best. */
const PROGRAMS = [
  { name: 'lost-edge', finding: 'Lost edge', keys: [] },
  { name: 'lost-edge', finding: 'Lost edge', keys: [], scheme: 'dark' }, // of the site's home page
  { name: 'spin', finding: 'Spin', keys: ['-'] },
  { name: 'starved', finding: 'Starved', keys: ['0'] },
  { name: 'recycled', finding: 'Stale event', keys: ['0'] },
];
/** On a machine that is busy a handler may be found to be slow, which is no part of the story. */
const TRIES = 20;
const FOLDER = join('docs', 'pictures');
const DARK_FOLDER = join('site', 'own', 'public');
const WIDTH = 1200;
const MARGIN = 12;
const BYTES_MAX = 150_000;
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);

const folder = mkdtempSync(join(tmpdir(), 'edgewise-pictures-'));

function traceOf(name) {
  const file = join(folder, `${name}.edgetrace`);
  const { status, stderr } = spawnSync(
    process.execPath,
    [join('scripts', 'example.mjs'), `seeing/${name}`],
    { encoding: 'utf8', env: { ...process.env, EDGEWISE_TRACE: `${file},calls` } },
  );
  if (status !== 0) throw new Error(`${name} has failed:\n${stderr}`);
  return readFileSync(file);
}

/** What a reader looks at: from the findings to the end of the lanes, or of the sentence beside them. */
async function clipOf(page) {
  const edgesOf = async (selector) => {
    const { y, height } = await page.locator(selector).boundingBox();
    return { top: y, bottom: y + height };
  };
  const { top } = await edgesOf('#findings');
  const bottoms = await Promise.all(['#lanes', '.step'].map(edgesOf));
  const bottom = Math.max(...bottoms.map((edges) => edges.bottom));
  return { x: 0, y: top - MARGIN, width: WIDTH, height: bottom - top + 2 * MARGIN };
}

async function open(browser, name, colorScheme) {
  const html = join(folder, `${name}.html`);
  writeFileSync(html, pageOf(traceOf(name), `${name}.edgetrace`));
  const page = await browser.newPage({
    viewport: { width: WIDTH, height: 1000 },
    colorScheme,
    reducedMotion: 'reduce',
  });
  await page.goto(pathToFileURL(resolve(html)).href);
  await page.locator('html[data-drawn-ms]').waitFor({ state: 'attached' });
  return page;
}

/** A page whose only finding is the one that is wanted, if there is such a run. */
async function openQuiet(browser, name, finding, scheme) {
  for (let round = 1; ; round++) {
    const page = await open(browser, name, scheme);
    const titles = await page.locator('.finding strong').allTextContents();
    if (titles.join() === finding || round === TRIES) return page;
    await page.close();
  }
}

async function take(browser, { name, finding, keys, scheme = 'light' }) {
  const page = await openQuiet(browser, name, finding, scheme);
  await page.locator('.finding', { hasText: finding }).first().click();
  for (const key of keys) await page.keyboard.press(key);
  await page.mouse.move(0, 0);
  await page.evaluate(`
    document.activeElement.blur();
    for (const part of document.querySelectorAll('.views, .state')) part.hidden = true;
    document.querySelector('.top').style.visibility = 'hidden';
  `);
  const path =
    scheme === 'dark' ? join(DARK_FOLDER, `${name}-dark.png`) : join(FOLDER, `${name}.png`);
  const { length } = await page.screenshot({ path, clip: await clipOf(page), fullPage: true });
  if (length > BYTES_MAX) throw new Error(`${path} has ${length} bytes: ${BYTES_MAX} at most`);
  console.log(`${path}: ${length} bytes`);
  await page.close();
}

if (CHROMIUM === undefined) throw new Error('no Chromium here: apt install chromium');
mkdirSync(FOLDER, { recursive: true });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
});
try {
  for (const program of PROGRAMS) await take(browser, program);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
