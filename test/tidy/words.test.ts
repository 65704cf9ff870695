// The words that are found, and what is plain and looks like them.
import { describe, expect, it } from 'vitest';
import { dialectIn, dialectOf } from './words.ts';

describe('dialect', () => {
  it.each([
    ['tells the handler', 'tells'],
    ['if (toldCount > 0)', 'told'],
    ['WHO_IS', 'WHO'],
    ['const isTold = 1', 'Told'],
    ['when nobody listens', 'nobody'],
    ['memory that cannot be had', 'be had'],
    ['class FilePiece', 'Piece'],
    ['#pumpOf', 'pump'],
    ['the rights of descriptors', 'rights'],
    ['what `data` is for shows the example', 'what `data` is for shows'],
    ['it comes to an end', 'comes to'],
    ['he calls close', 'he'],
  ])('%s: found', (line, word) => {
    expect(dialectOf(line).map((found) => found.replace(/:.*/, ''))).toContain(word);
  });

  it.each([
    'npm pack',
    'SCM_RIGHTS passes descriptors',
    'fd stands for descriptor',
    'the bearer of bytes',
    'a whole number',
    "[...'he', 'llo']",
    'a piece of memory',
    'shutdown',
  ])('%s: plain', (line) => {
    expect(dialectOf(line)).toEqual([]);
  });

  it('is found in the names of files, and not in the table of old names', () => {
    expect(dialectIn('test/net/travel.test.ts', '\n')).toHaveLength(1);
    expect(dialectIn('CHANGELOG.md', '| `tell` | `notify` |\n')).toEqual([]);
    expect(dialectIn('docs/net.md', 'a\n| `tell` | `notify` |\n')).toEqual([
      'docs/net.md:2 tell: notify, report, call, say',
    ]);
  });
});
