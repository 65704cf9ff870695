// The report as Markdown: the same figures, and data that cannot become markup.
import { expect, it } from 'vitest';
import { compare } from '../src/compare.ts';
import { toMarkdown } from '../src/report/markdown.ts';
import { fixture } from './fixture.ts';

const results = fixture();

it('has a table for each case, with a row for each contender', () => {
  const text = toMarkdown(results);
  expect(text.match(/^### /gm)).toHaveLength(results.cases.length);
  const rows = results.cases.flatMap(({ measurements }) => measurements);
  expect(text.match(/^\| (?!contender)[^-]/gm)).toHaveLength(rows.length);
  expect(text).toMatch(/^failed: select: more descriptors than FD\\_SETSIZE$/m);
});

it('compares nothing with itself', () => {
  const lines = toMarkdown(results).split('\n');
  const bases = lines.filter((line) => line.startsWith('| C epoll |'));
  expect(bases.length).toBeGreaterThan(0);
  for (const line of bases) expect(line).toMatch(/^\| C epoll \| – \| /);
});

it('says what has changed since an earlier run, and what is within the noise', () => {
  const slower = fixture({ seed: 2, rounds: 15, slower: { 'edgewise-net': 1.3 } });
  const comparison = compare(fixture({ rounds: 15 }), slower);
  const text = toMarkdown(slower, [{ title: 'Against an earlier run', comparison }]);
  expect(text).toMatch(/^## Against an earlier run$/m);
  expect(text).toMatch(/^\| edgewise\/net, all \d+ cases \| .* \| worse \|$/m);
  expect(text).toMatch(/ \| within the noise \|$/m);
});

it('escapes what a result brings along', () => {
  const contenders = results.contenders.map((info) => ({ ...info, label: '<b>|*x*' }));
  expect(toMarkdown({ ...results, contenders })).toContain('\\<b\\>\\|\\*x\\*');
});
