// The page of a trace in a real browser, without a network: it asks for nothing but its own file, says
// nothing on the console, is used by keys alone, and axe-core finds no barrier in it. PAGE_SCREENSHOTS names
// a folder for pictures to look at.
import { join } from 'node:path';
import axe from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interest, Reactor } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { Kind, type TraceData } from '../../src/trace/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { LEVEL, type Place, READABLE, Story } from '../view/story.ts';
import { hasBrowser, Opener } from './browser.ts';

describe.skipIf(!hasBrowser)('the page of a trace', () => {
  const shots = process.env.PAGE_SCREENSHOTS;
  const descriptors = useDescriptors();
  let opener: Opener;
  let forgotten = 0;

  beforeAll(async () => {
    opener = await Opener.start();
  });
  afterAll(() => opener?.close());

  /** Two descriptors are read to would-block; between them one is read once, and forgotten. */
  function lostEdge(): TraceData {
    const reactor = new Reactor();
    const trace = reactor.trace({ level: 'calls' });
    const ends = [descriptors.socketpair(), descriptors.socketpair(), descriptors.socketpair()];
    ends.forEach(([, own], index) => {
      const isForgetful = index === 1;
      if (isForgetful) forgotten = own;
      trace.label(own, isForgetful ? 'forgetful' : `client ${index}`);
      const bytes = Buffer.alloc(isForgetful ? 4 : 64);
      reactor.register(
        own,
        Interest.Readable,
        {
          onReady() {
            while (sys.recv(own, bytes) > 0 && !isForgetful);
          },
        },
        { trigger: 'edge' },
      );
    });
    for (let round = 0; round < 3; round++) {
      ends.forEach(([peer], index) => {
        if (index !== 1 || round === 0) sys.send(peer, Buffer.from('hello, all'));
      });
      reactor.turn(0);
    }
    const data = trace.snapshot();
    reactor.close();
    return data;
  }

  const open = (trace: TraceData, options: BrowserContextOptions = {}, isShown = true) =>
    opener.open(trace, '<lost> & "found".edgetrace', options, isShown);
  const sentence = (page: Page) => page.locator('#sentence').textContent();
  const press = async (page: Page, ...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
    await page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
    );
  };

  it('asks the network for nothing, and is quiet', async () => {
    const { page, trouble, requests, url } = await open(lostEdge());
    expect(requests).toEqual([url]);
    expect(trouble).toEqual([]);
    expect(await page.title()).toBe('<lost> & "found".edgetrace – edgewise trace');
    await page.context().close();
  });

  it('runs no other script and loads no other style', async () => {
    const { page, trouble } = await open(lostEdge());
    await page.evaluate(
      "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.isRun = true' }))",
    );
    expect(await page.evaluate('window.isRun')).toBeUndefined();
    expect(trouble.join()).toMatch(/refused: inline/);
    await page.context().close();
  });

  it('opens at the lost edge, with a sentence that says what is wrong', async () => {
    const { page } = await open(lostEdge());
    expect(await page.locator('.finding').count()).toBe(1);
    expect(await page.locator('.finding').textContent()).toMatch(`fd ${forgotten}`);
    expect(await sentence(page)).toMatch(/The handler of fd \d+ "forgetful" returns/);
    expect(await page.locator('#notice').textContent()).toMatch(/^Lost edge/);
    expect(await page.locator('#rule').textContent()).toMatch(/stops early.*semantics\.md/);
    await page.context().close();
  });

  it('is used by keys alone: steps, findings, filter, panels', async () => {
    const { page, trouble } = await open(lostEdge());
    const lost = await sentence(page);
    await press(page, 'Home');
    expect(await page.locator('#number').textContent()).toMatch(/^Event 1 of/);
    await press(page, 'l');
    expect(await sentence(page)).toBe(lost);
    await press(page, 'ArrowLeft');
    expect(await sentence(page)).toMatch(/recv/);
    await press(page, 'Shift+ArrowLeft', 'Shift+ArrowLeft');
    expect(await sentence(page)).toMatch(
      /The kernel reports fd \d+ "forgetful": Readable \(edge\)/,
    );
    await press(page, '/');
    await page.keyboard.type(`fd:${forgotten} kind:report`);
    await press(page, 'Enter', 'Home', 'ArrowRight');
    expect(await page.locator('#filter-status').textContent()).toMatch(/^1 event of/);
    expect(await sentence(page)).toMatch(/"forgetful": Readable/);
    await press(page, '/', 'Escape', 'n');
    expect(await page.locator('#which .kind').textContent()).toBe('wait-end');
    await press(page, '?');
    expect(await page.locator('#help').isVisible()).toBe(true);
    await press(page, 'Escape');
    expect(await page.locator('#help').isVisible()).toBe(false);
    await page.locator('#tab-events').focus();
    await press(page, 'ArrowRight', 'ArrowRight', 'ArrowRight');
    expect(await page.locator('#panel table').textContent()).toMatch(/Totals of each descriptor/);
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('a filter that says nothing is explained, and hides nothing', async () => {
    const { page } = await open(lostEdge());
    const rows = await page.locator('#names .lane').count();
    await press(page, '/');
    await page.keyboard.type('fd:nine');
    await press(page, 'Enter');
    expect(await page.locator('#filter-status').textContent()).toMatch(/a number is needed/);
    expect(await page.locator('#names .lane').count()).toBe(rows);
    await page.context().close();
  });

  it('a click in the lanes selects an event, and dragging moves them', async () => {
    const { page } = await open(lostEdge());
    const before = await sentence(page);
    const number = () => page.locator('#ticks').textContent();
    const ticks = await number();
    const canvas = await page.locator('#canvas').boundingBox();
    const { x = 0, y = 0, width = 0 } = canvas ?? {};
    await page.mouse.click(x + width * 0.2, y + 150);
    await press(page);
    expect(await sentence(page)).not.toBe(before);
    await press(page, '+', '+');
    const zoomed = await number();
    expect(zoomed).not.toBe(ticks);
    await page.mouse.move(x + width / 2, y + 100);
    await page.mouse.down();
    await page.mouse.move(x + width / 4, y + 100, { steps: 4 });
    await page.mouse.up();
    await press(page);
    expect(await number()).not.toBe(zoomed);
    await page.context().close();
  });

  const views = [400, 1280, 1920].flatMap((width) =>
    (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
  );
  it.each(views)('$width px, $colorScheme: no barrier, and nothing sticks out', async (view) => {
    const { width, colorScheme } = view;
    const options = { colorScheme, viewport: { width, height: 900 }, bypassCSP: true };
    const { page, trouble } = await open(lostEdge(), options);
    if (shots !== undefined) {
      await page.screenshot({ path: join(shots, `${colorScheme}-${width}.png`), fullPage: true });
    }
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(width);
    await page.evaluate(axe.source);
    for (const panel of ['events', 'batch', 'findings', 'totals']) {
      await page.locator(`#tab-${panel}`).click();
      await press(page);
      const barriers = await page.evaluate(
        "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))",
      );
      expect(barriers, panel).toEqual([]);
    }
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('follows the size of the window', async () => {
    const { page } = await open(lostEdge());
    const widths: unknown[] = [];
    for (const width of [1600, 700]) {
      await page.setViewportSize({ width, height: 900 });
      await press(page);
      const [canvas, box] = (await page.evaluate(
        "[document.querySelector('#canvas').width, document.querySelector('#canvas').clientWidth]",
      )) as [number, number];
      expect(canvas).toBe(box);
      widths.push(canvas);
    }
    expect(widths[0]).not.toBe(widths[1]);
    await page.context().close();
  });

  it('several reactors: one is chosen', async () => {
    const A: Place = [9, 1, 0];
    const one = new Story().register(A, READABLE, LEVEL).wait(0).trace();
    const other = new Story().text(Kind.Mark, [-1, 0, 0], 'of the other').trace();
    const { page } = await open({ ...one, streams: [...one.streams, ...other.streams] });
    await page.locator('#stream').selectOption('1');
    await press(page);
    expect(await sentence(page)).toMatch(/of the other/);
    await page.context().close();
  });

  it.each([
    ['no reactor', { ...new Story().trace(), streams: [] }, /no reactor was recorded$/],
    ['a foreign shape', { ...new Story().trace(), calls: undefined }, /cannot be shown: ./],
  ])('a trace of %s: it says so', async (_, trace, message) => {
    const { page, trouble } = await open(trace as TraceData, {}, false);
    await page.locator('#loading', { hasText: 'cannot' }).waitFor();
    expect(await page.locator('#loading').textContent()).toMatch(message);
    expect(await page.locator('#page').isVisible()).toBe(false);
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('a trace of nothing is shown as such', async () => {
    const { page, trouble } = await open(new Story().trace());
    await press(page, 'ArrowRight', 'n', 'l', '+', '0', 't');
    expect(await sentence(page)).toBe('Nothing was recorded.');
    expect(trouble).toEqual([]);
    await page.context().close();
  });
});
