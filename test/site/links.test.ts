// Every link of every page: to a page or a file that exists, and to a heading that is there. Those to other
// sites are listed, not followed; those to the repository must name a file of it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { built, fileOf, pages, textOf } from './files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BASE = 'http://site/';
const { repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const REPOSITORY: string = /github\.com\/[^/]+\/[^/.]+/.exec(
  repository?.url ?? 'github.com/edgewise-js/edgewise',
)?.[0] as string;

interface Link {
  readonly page: string;
  readonly url: URL;
}

const all = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, at]) => at ?? '');
const texts = new Map(pages.map((page) => [page, textOf(page)]));
const anchors = new Map(
  [...texts].map(([page, text]) => [page, new Set(all(text, /\sid="([^"]+)"/g))]),
);
const links: Link[] = [...texts].flatMap(([page, text]) =>
  all(text, /<a\b[^>]*?\shref="([^"]*)"/g).map((href) => ({
    page,
    url: new URL(href.replaceAll('&amp;', '&'), BASE + page),
  })),
);
const isOwn = ({ url }: Link) => url.href.startsWith(BASE);

/** What is wrong with a link within the site, or undefined. */
function faultOf({ page, url }: Link): string | undefined {
  const file = fileOf(decodeURI(url.pathname.slice(1)));
  if (!built.has(file)) return `${page} -> ${file}`;
  const anchor = decodeURIComponent(url.hash.slice(1));
  if (anchor === '' || !anchors.has(file)) return undefined;
  return anchors.get(file)?.has(anchor) ? undefined : `${page} -> ${file}#${anchor}`;
}

describe('links', () => {
  const own = links.filter(isOwn);
  const outside = links.filter((link) => !isOwn(link));

  it('within the site lead to what is there', () => {
    const broken = own.map(faultOf).filter((fault) => fault !== undefined);
    console.log(
      `${pages.length} pages, ${own.length} links within the site, ${broken.length} broken`,
    );
    expect(own.length).toBeGreaterThan(1000);
    expect([...new Set(broken)]).toEqual([]);
  });

  it('that lead nowhere are found', () => {
    const [page = ''] = pages;
    const planted = ['nowhere.html', `${page}#no-such-heading`];
    const faults = planted.map((path) => faultOf({ page, url: new URL(path, BASE) }));
    expect(faults).toEqual([`${page} -> nowhere.html`, `${page} -> ${page}#no-such-heading`]);
  });

  it('to the repository name files of it', () => {
    const paths = outside
      .map(({ url }) => url.href)
      .filter((href) => /\/(blob|tree|edit)\/main\//.test(href) && href.includes(REPOSITORY))
      .map((href) => decodeURI(href.replace(/^.*?\/main\/([^#?]*).*$/, '$1')));
    expect(paths.length).toBeGreaterThan(50);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('to other sites are few', () => {
    const hosts = outside.map(({ url }) => url.host).filter((host) => host !== 'github.com');
    console.log(`links to other sites: ${[...new Set(hosts)].sort().join(', ')}`);
    expect(outside.every(({ url }) => /^(https?|mailto):$/.test(url.protocol))).toBe(true);
  });
});
