// What is beside the pages, and above them. It is made of the files that exist: a new one is shown by
// its first heading, without a line here.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGES, pages, ROOT } from './sources.mjs';

const THREE_OF_ADR = /^adr\/\d{4}/;

/** Groups of pages: by name, or by where they are. A page is in the first group that has it. */
const GROUPS = [
  { text: 'Build a chat server', pages: /^guide\/(index|\d).*/, isOpen: true },
  { text: 'How to', pages: /^guide\/(?!pictures)/, isOpen: true },
  { text: 'Understand', pages: ['semantics', 'architecture', 'echo', 'seeing'], isOpen: true },
  { text: 'The reactor', pages: ['reactor', 'lints', 'sources', 'errors'], isOpen: true },
  { text: 'Sockets', pages: /^net\b/, isOpen: true },
  {
    text: 'Other ways to write it',
    pages: ['promises', 'streams', 'proactor', 'multi', 'compat'],
    isOpen: true,
  },
  {
    text: 'Test, see and measure',
    pages: ['testing', 'trace', 'view', 'audit', 'diagnostics', 'performance', 'bench/index'],
    isOpen: true,
  },
  { text: 'Labs', pages: /^(labs|course)\b/, isOpen: false },
  { text: 'Examples', pages: /^examples\//, isOpen: false },
  { text: 'Decisions', pages: /^adr\//, isOpen: false },
  { text: 'Project', pages: ['CHANGELOG', 'CONTRIBUTING', 'SECURITY'], isOpen: false },
];
const MORE = { text: 'More', pages: /./, isOpen: true };

/** The first heading, without its marks. */
function headingOf(source) {
  const [, heading = source] = /^# (.+)$/m.exec(readFileSync(join(ROOT, source), 'utf8')) ?? [];
  return heading.replace(/[`*]/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}

/** Short enough for the side of a page: what is before the colon, unless that is only a number. */
function titleOf(source, page) {
  const heading = headingOf(source);
  if (page === 'bench/index.md') return 'The benchmark suite';
  if (THREE_OF_ADR.test(page)) return `${page.slice(4, 8)} ${heading.replace(/^[\d. :]+/, '')}`;
  if (/^(labs|guide)\//.test(page)) return heading;
  return heading.replace(/:.*$/, '');
}

function placeIn({ pages: wanted }, name) {
  if (Array.isArray(wanted)) return wanted.indexOf(name);
  return wanted.test(name) ? 0 : -1;
}

/** The pages of the repository, in groups. */
function groupsOfPages() {
  const rest = new Map([...pages].map(([source, page]) => [page.replace(/\.md$/, ''), source]));
  return [...GROUPS, MORE].flatMap((group) => {
    const names = [...rest.keys()].filter((name) => placeIn(group, name) >= 0);
    const isIndex = (name) => /(^|\/)index$/.test(name);
    names.sort((one, other) => {
      const byPlace = placeIn(group, one) - placeIn(group, other);
      return byPlace || isIndex(other) - isIndex(one) || one.localeCompare(other);
    });
    const items = names.map((name) => {
      const text = titleOf(rest.get(name), `${name}.md`);
      rest.delete(name);
      return { text, link: `/${name.replace(/(^|\/)index$/, '$1')}` };
    });
    return items.length === 0 ? [] : [{ text: group.text, collapsed: !group.isOpen, items }];
  });
}

/** What typedoc has written: modules, headings by what one does, and what has a page of its own. */
function groupsOfReference() {
  const file = join(PAGES, 'api', 'navigation.json');
  if (!existsSync(file)) return [];
  const linkOf = (path) => (path ? { link: `/api/${path.replace(/(index)?\.md$/, '')}` } : {});
  const itemOf = ({ title, path, children }) => ({
    text: title.replaceAll('\\', ''),
    ...linkOf(path),
    ...(children?.length > 0 ? { collapsed: true, items: children.map(itemOf) } : {}),
  });
  return JSON.parse(readFileSync(file, 'utf8')).map(itemOf);
}

export function sidebar() {
  return {
    '/api/': [{ text: 'API reference', link: '/api/', items: groupsOfReference() }],
    '/': groupsOfPages(),
  };
}

export function nav() {
  const hasGuide = pages.has('docs/guide/README.md');
  return [
    ...(hasGuide ? [{ text: 'Guide', link: '/guide/', activeMatch: '^/guide/' }] : []),
    { text: 'Pages', link: '/semantics', activeMatch: '^/(?!api|guide|live|labs|performance).+' },
    { text: 'API', link: '/api/', activeMatch: '^/api/' },
    { text: 'Live traces', link: '/live' },
    { text: 'Performance', link: '/performance' },
    { text: 'Labs', link: '/labs/', activeMatch: '^/labs/' },
  ];
}
