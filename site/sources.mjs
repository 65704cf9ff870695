// Which files of the repository are pages of the site, and where. The sources stay what they are: plain
// Markdown, with links that GitHub follows.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The copies that the generator reads; written by stage.mjs and by typedoc (`api/`). */
export const PAGES = join(ROOT, 'site', 'pages');

const ALONE = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md'];
const READMES = ['labs', 'examples', 'bench/peers'];
const PICTURE = /\.(svg|png|jpg|webp)$/;

function filesIn(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !/(^|\/)(node_modules|dist|docs\/api)\//.test(path))
    .sort();
}

/** `'docs/net.md'` -> `'net.md'`; `'labs/01-bytes/README.md'` -> `'labs/01-bytes/index.md'`. */
export function pageOf(source) {
  return source.replace(/^docs\//, '').replace(/(^|\/)README\.md$/, '$1index.md');
}

/** Paths from the root of the repository to where they are in the site. */
function tableOf(sources) {
  return new Map(sources.map((source) => [source, pageOf(source)]));
}

const docs = filesIn('docs');
const readmes = READMES.flatMap(filesIn).filter((path) => /(^|\/)README\.md$/.test(path));

/** Markdown, by source. */
export const pages = tableOf([
  ...docs.filter((path) => path.endsWith('.md')),
  ...readmes,
  ...ALONE.filter((path) => existsSync(join(ROOT, path))),
]);
export const pictures = tableOf(docs.filter((path) => PICTURE.test(path)));

const sourceByPage = new Map([...pages].map(([source, page]) => [page, source]));

/** The file that a page is a copy of, or undefined: one of the site's own, or of the reference. */
export function sourceOf(page) {
  return sourceByPage.get(page);
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const { url = 'https://github.com/edgewise-js/edgewise' } = manifest.repository ?? {};
export const version = manifest.version;
/** Without `git+` and `.git`. */
export const repository = url.replace(/^git\+/, '').replace(/\.git$/, '');

/** Where a file or folder of the repository can be read: on its website. */
function onTheWeb(path) {
  const kind = readdirSync(join(ROOT, dirname(path)), { withFileTypes: true })
    .find(({ name }) => name === posix.basename(path))
    ?.isDirectory();
  return `${repository}/${kind ? 'tree' : 'blob'}/main/${path}`;
}

/**
 * What a relative link of a source is in the site.
 *
 * @param {string} source - the file that has the link, from the root of the repository.
 * @param {string} link - `../src/index.ts`, `net.md#ending`: not a URL, and not an anchor alone.
 * @returns {string} a link from page to page, or a URL of the repository.
 * @throws where no such file exists.
 */
export function linkOf(source, link) {
  const [, path = '', anchor = ''] = /^([^#?]*)(.*)$/.exec(link) ?? [];
  const target = posix.normalize(posix.join(posix.dirname(source), decodeURI(path)));
  const clean = target.replace(/\/$/, '');
  if (clean === 'README.md' || clean === '.') return `/${anchor}`;
  const page = pages.get(clean) ?? pictures.get(clean) ?? pages.get(`${clean}/README.md`);
  if (page !== undefined) return `/${page}${anchor}`;
  if (existsSync(join(ROOT, clean))) return `${onTheWeb(clean)}${anchor}`;
  throw new Error(`${source}: a link to ${link}, which does not exist`);
}
