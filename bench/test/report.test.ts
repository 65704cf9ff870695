// The report as text: the same bytes each time, data that stays data, and runs in which things are
// missing.
import { describe, expect, it } from 'vitest';
import type { Results } from '../src/model.ts';
import { axisFigure, figure, settingText } from '../src/report/figures.ts';
import { toHtml } from '../src/report/html.ts';
import { escapeText, html } from '../src/report/markup.ts';
import { plotsOf } from '../src/report/plots.ts';
import { logExtent } from '../src/report/scaling.ts';
import { curvesOf, wordsOf } from '../src/report/words.ts';
import { fixture } from './fixture.ts';

const results = fixture();

describe('the report', () => {
  it('is the same for the same results, byte by byte', () => {
    expect(toHtml(fixture())).toBe(toHtml(results));
    expect(plotsOf(fixture())).toEqual(plotsOf(results));
  });

  it('has no script, no request, and each id once', () => {
    const page = toHtml(results);
    expect(page).not.toMatch(/<script|<link[^>]+href="(?!data:)|@import|url\((?!#)|src=/);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(10);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('links only to what is there', () => {
    const page = toHtml(results);
    const targets = [...page.matchAll(/(?:href="#|url\(#)([^")]+)/g)].map(([, id]) => id);
    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((id) => !page.includes(` id="${id}"`))).toEqual([]);
  });

  it('names what failed, what is missing and how to install it', () => {
    const page = toHtml(results);
    expect(page).toContain('more descriptors than FD_SETSIZE');
    expect(page).toContain('apt install libevent-dev');
  });

  it('has each plot once, with the command that makes it, and a name for its file', () => {
    const plots = plotsOf(results);
    const names = plots.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z0-9-]+$/.test(name))).toEqual([]);
    expect(names.filter((name) => name.startsWith('latency-'))).toHaveLength(1);
    const sweep = plots.find(({ name }) => name === 'scaling-tcp-echo-size-64');
    expect(sweep?.command).toBe('npm run bench -- tcp-echo --connections 1,8,64,1000 --size 64');
  });

  it('the command of a plot has whatever was given or planned', () => {
    const plan = { contenders: ['c', 'node'], rounds: 7, seconds: 0.5, isQuick: true };
    const cases = results.cases.map((one) => ({ ...one, plan }));
    const sweep = plotsOf({ ...results, cases }).find(({ name }) => name.startsWith('scaling-tcp'));
    expect(sweep?.command).toBe(
      'npm run bench -- tcp-echo --quick --connections 1,8,64,1000 --size 64 ' +
        '--contenders c,node --rounds 7 --seconds 0.5',
    );
  });

  it('plots are drawings with a text for readers that cannot see them', () => {
    const plots = plotsOf(results);
    for (const { svg } of plots) expect(svg).toMatch(/^<svg role="img" aria-label="[^"]+"/);
  });
});

describe('curves and lines', () => {
  const [timed] = results.cases.filter(({ measurements }) =>
    measurements.some(({ rounds }) => rounds.some(({ latency }) => latency)),
  );
  const latency = timed?.measurements.flatMap(({ rounds }) => rounds)[0]?.latency ?? '';

  /** `count` contenders with a latency; the last ones take part in another case, too. */
  function crowd(count: number, busyCount: number): Results {
    const measurements = Array.from({ length: count }, (_, at) => ({
      contender: `contender-${at}`,
      rounds: [{ values: { cpuUs: at + 1 }, latency }],
      once: {},
    }));
    const one = { scenario: 'tcp-echo', failures: {} };
    const cases = [
      { ...one, setting: { connections: 1, size: 1 }, measurements },
      {
        ...one,
        setting: { connections: 8, size: 1 },
        measurements: measurements.slice(count - busyCount),
      },
      { ...one, setting: { connections: 64, size: 1 }, measurements: measurements.slice(-1) },
    ];
    return { ...results, cases };
  }

  it('ten at most have a curve, those that take part in most', () => {
    const given = crowd(25, 4);
    const [first] = given.cases;
    if (first === undefined) throw new Error('no case');
    const names = curvesOf(wordsOf(given), first).map(({ contender }) => contender);
    expect(names).toHaveLength(10);
    for (const at of [21, 22, 23, 24]) expect(names).toContain(`contender-${at}`);
    const titles = plotsOf(given).map(({ title }) => title);
    expect(titles).toContainEqual(
      expect.stringMatching(/percentile, of all rounds together, 10 of 25 contenders$/),
    );
  });

  it('what was measured at less than half of the places has no line', () => {
    const sweep = plotsOf(crowd(6, 2)).find(({ name }) => name.startsWith('scaling-'));
    expect(sweep?.svg).toContain('contender-4');
    expect(sweep?.svg).not.toContain('contender-3');
  });
});

/** The same with another text in every place that takes one. */
function withText(from: Results, text: string): Results {
  return JSON.parse(JSON.stringify(from), (key, value) => {
    const isFree = typeof value === 'string' && !['format', 'better', 'family'].includes(key);
    return isFree && key !== 'latency' ? `${value}${text}` : value;
  });
}

describe('data', () => {
  it('cannot become markup, in a page or in a plot', () => {
    const evil = `"'><img src=x onerror=alert(1)>&</svg><script>`;
    const bad = withText(results, evil);
    const one = { ...bad.cases[0], setting: { [evil]: evil }, failures: { [evil]: evil } };
    const all = { ...bad, cases: [one, ...bad.cases.slice(1)] } as Results;
    expect(toHtml(all)).not.toMatch(/<img|<script/);
    for (const { svg, name } of plotsOf(all)) {
      expect(svg).not.toMatch(/<img|<script/);
      expect(name).toMatch(/^[a-z0-9-]+$/);
    }
  });

  it('is escaped, without what XML has no place for', () => {
    expect(escapeText('a\u0000\ud800<b>')).toBe('a\ufffd\ufffd&lt;b&gt;');
    expect(html`${'<'}${1}${undefined}${[html`<i>`]}`.text).toBe('&lt;1<i>');
  });
});

describe('runs in which things are missing', () => {
  it('nothing was measured', () => {
    const empty = { ...results, cases: [], scenarios: [], contenders: [], missing: [] };
    expect(toHtml(empty)).toContain('Nothing was measured.');
    expect(plotsOf(empty)).toEqual([]);
  });

  it('a case in which all failed', () => {
    const cases = results.cases.map((one) => ({ ...one, measurements: [] }));
    expect(toHtml({ ...results, cases })).toContain('No contender was measured.');
    expect(plotsOf({ ...results, cases })).toEqual([]);
  });

  it.each(['edgewise', 'c'])('one contender only: %s', (name) => {
    const cases = results.cases.map((one) => ({
      ...one,
      measurements: one.measurements.filter(({ contender }) => contender === name),
    }));
    const page = toHtml({ ...results, cases });
    expect(page).toContain('Bars: CPU per operation');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('metrics, the figure of merit among them', () => {
    const cases = results.cases.map((one) => ({
      ...one,
      measurements: one.measurements.map((measurement, at) => ({
        ...measurement,
        rounds: at % 2 === 0 ? measurement.rounds : [{ values: {} }],
      })),
    }));
    const scenarios = results.scenarios.map((one) => ({ ...one, merit: 'nothing' }));
    for (const page of [toHtml({ ...results, cases }), toHtml({ ...results, scenarios })]) {
      expect(page).toContain('TCP echo');
      expect(page).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('a histogram that is none is named', () => {
    const [first, ...rest] = results.cases;
    const measurements = [{ contender: 'c', rounds: [{ values: {}, latency: 'AAAA' }], once: {} }];
    const broken = { ...results, cases: [{ ...first, measurements }, ...rest] } as Results;
    expect(() => toHtml(broken)).toThrow(/connections-1-size-64, c, round 1/);
  });
});

it('a log axis fits its data', () => {
  expect(logExtent(5.3, 34)).toEqual({ logBase: 2, min: 4, max: 64 });
  expect(logExtent(2, 900).logBase).toBe(10);
});

it('figures are short', () => {
  expect(figure(0.0052, 'ms')).toBe('5.20 µs');
  expect(figure(121_500, '1/s')).toBe('122 k/s');
  expect(figure(3e9, 'B/s')).toBe('3.00 GB/s');
  expect(figure(2.04, '')).toBe('2.04');
  expect([0, 10, 1000, 1500].map((value) => axisFigure(value, ''))).toEqual([
    '0',
    '10',
    '1 k',
    '1.5 k',
  ]);
  expect(settingText({ connections: 1, size: 64, pattern: 'ring' })).toBe(
    '1 connection, 64 B, pattern ring',
  );
});
