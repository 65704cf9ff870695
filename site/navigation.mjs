// What is beside the pages, and above them. It is made of the files that exist: a new one is shown by
// its first heading, without a line here.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchorOf } from './markdown.mjs';
import { PAGES, pages, ROOT } from './sources.mjs';

const THREE_OF_ADR = /^adr\/\d{4}/;

/**
 * Groups of pages: by name, or by where they are. A page is in the first group that has it. Those with a
 * link are closed at first: what can be opened must be a link, or it is a button within a button.
 */
const GROUPS = [
  { text: 'Build a chat server', pages: /^guide\/(index|\d).*/ },
  { text: 'How to', pages: /^guide\/(?!pictures)/ },
  { text: 'Understand', pages: ['semantics', 'architecture', 'echo', 'seeing'] },
  { text: 'The reactor', pages: ['reactor', 'lints', 'sources', 'errors'] },
  { text: 'Sockets', pages: /^net\b/ },
  {
    text: 'Other ways to write it',
    pages: ['promises', 'streams', 'proactor', 'multi', 'compat'],
  },
  {
    text: 'Test, see and measure',
    pages: [
      'testing',
      'trace',
      'view',
      'audit',
      'diagnostics',
      'performance',
      'bench/index',
      'bench/peers/index',
    ],
  },
  { text: 'Labs', pages: /^(labs|course)\b/, link: '/labs/' },
  { text: 'Examples', pages: /^examples\//, link: '/examples/' },
  { text: 'Decisions', pages: /^adr\//, link: '/adr/' },
  { text: 'Project', pages: ['CHANGELOG', 'CONTRIBUTING', 'SECURITY'], link: '/CHANGELOG' },
];
const MORE = { text: 'More', pages: /./ };

/** The first heading, without its marks. */
function headingOf(source) {
  const [, heading = source] = /^# (.+)$/m.exec(readFileSync(join(ROOT, source), 'utf8')) ?? [];
  return heading.replace(/[`*]/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}

/** Short enough for the side of a page: what is before the colon, unless that is only a number. */
function titleOf(source, page) {
  const heading = headingOf(source);
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
    const addressOf = (name) => name.replace(/(^|\/)index$/, '$1'); // that of a folder goes first
    names.sort((one, other) => {
      const byPlace = placeIn(group, one) - placeIn(group, other);
      return byPlace || addressOf(one).localeCompare(addressOf(other));
    });
    const items = names.map((name) => {
      const text = titleOf(rest.get(name), `${name}.md`);
      rest.delete(name);
      return { text, link: `/${addressOf(name)}` };
    });
    const { text, link } = group;
    if (items.length === 0) return [];
    return [link === undefined ? { text, items } : { text, link, collapsed: true, items }];
  });
}

/** What typedoc has written: modules, headings by what one does, and what has a page of its own. */
function groupsOfReference() {
  const file = join(PAGES, 'api', 'navigation.json');
  if (!existsSync(file)) return [];
  const textOf = ({ title }) => title.replaceAll('\\', '');
  const urlOf = ({ path }) => `/api/${path.replace(/(index)?\.md$/, '')}`;
  return JSON.parse(readFileSync(file, 'utf8')).map((module) => {
    const headings = (module.children ?? []).map((heading) => ({
      text: textOf(heading),
      link: `${urlOf(module)}#${anchorOf(textOf(heading))}`,
      items: (heading.children ?? []).map((page) => ({ text: textOf(page), link: urlOf(page) })),
    }));
    return { text: textOf(module), link: urlOf(module), collapsed: true, items: headings };
  });
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
