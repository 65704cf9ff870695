// The site: `npm run site` builds it, into site/dist/. Its address below the host is EDGEWISE_SITE_BASE,
// `/` by default. Why this generator: docs/adr/0024-the-site-is-the-repository.md.
import { anchorOf, plainMarkdown } from '../markdown.mjs';
import { nav, sidebar } from '../navigation.mjs';
import { search } from '../search.mjs';
import { pages, repository, sourceOf, version } from '../sources.mjs';

const base = process.env.EDGEWISE_SITE_BASE ?? '/';

/** The first thing to do, when there is one. */
const guide = { theme: 'brand', text: 'Build a chat server', link: '/guide/' };

function offerGuide({ hero }) {
  for (const action of hero.actions) action.theme = 'alt';
  hero.actions.unshift(guide);
}

/** A page knows where it can be edited: a copy where its source is, one of the reference nowhere. */
function transformPageData(page) {
  if (page.relativePath === 'index.md' && pages.has('docs/guide/README.md')) {
    offerGuide(page.frontmatter);
  }
  const source = sourceOf(page.relativePath);
  if (source === undefined) page.frontmatter.editLink = false;
  else page.frontmatter.edit = `${repository}/edit/main/${source}`;
}

export default {
  srcDir: 'pages',
  outDir: 'dist',
  base,
  lang: 'en',
  title: 'edgewise',
  titleTemplate: ':title · edgewise',
  description: 'Raw non-blocking descriptors and a readiness loop of its own for Node.js.',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }]],
  transformPageData,
  vite: { build: { chunkSizeWarningLimit: 4000 } }, // the index of the search
  markdown: {
    html: false,
    linkify: false,
    attrs: { disable: true },
    emoji: { enabled: [] },
    anchor: { slugify: anchorOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    preConfig: plainMarkdown,
  },
  themeConfig: {
    nav: nav(),
    sidebar: sidebar(),
    search,
    repository,
    version,
    outline: { level: [2, 3], label: 'On this page' },
    socialLinks: [{ icon: 'github', link: repository, ariaLabel: 'The repository on GitHub' }],
    editLink: {
      text: 'Edit this page on GitHub',
      pattern: ({ frontmatter }) => frontmatter.edit, // sent to the browser as text
    },
    footer: { message: 'MIT licence', copyright: `edgewise ${version}` },
  },
};
