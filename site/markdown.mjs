// How Markdown that was written for GitHub becomes a page: links go to pages or to the repository, braces
// and tags are text (Vue would take them for its own), headings have the anchors that GitHub gives them.
import { linkOf, sourceOf } from './sources.mjs';

const URL_OR_ANCHOR = /^([a-z][a-z+.-]*:|\/|#)/i;

/** Whether it is a copy, or of the reference: not a page of the site's own, which may hold components. */
const isPlain = ({ relativePath }) => relativePath !== undefined && !isOwn(relativePath);
const isOwn = (page) => page === 'index.md' || page === 'live.md';

/** As GitHub does: letters, digits, `-` and `_` stay, a space becomes a hyphen. */
export function anchorOf(text) {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}

function relink(tokens, source) {
  for (const token of tokens) {
    const name = { link_open: 'href', image: 'src' }[token.type];
    const link = name === undefined ? null : token.attrGet(name);
    if (link !== null && !URL_OR_ANCHOR.test(link)) token.attrSet(name, linkOf(source, link));
    if (token.children) relink(token.children, source);
  }
}

/** A block rule: comments of HTML, which say where a program is from, are not shown. */
function comment(state, startLine, endLine, isSilent) {
  const begin = state.bMarks[startLine] + state.tShift[startLine];
  if (!state.src.startsWith('<!--', begin)) return false;
  const end = state.src.indexOf('-->', begin);
  if (end < 0) return false;
  if (isSilent) return true;
  let line = startLine;
  while (line < endLine && state.eMarks[line] < end) line++;
  state.line = line + 1;
  return true;
}

/** An inline rule: `<a id="property-wait"></a>`, which typedoc puts into cells, is the one tag that stays. */
function anchor(state, isSilent) {
  const [html] = /^<a id="[\w$.-]+"><\/a>/.exec(state.src.slice(state.pos)) ?? [];
  if (html === undefined) return false;
  if (!isSilent) state.push('html_inline', '', 0).content = html;
  state.pos += html.length;
  return true;
}

/** Makes `{{` safe in what a rule renders. */
function withoutBraces(rule) {
  return (tokens, index, options, env, self) => {
    const html = rule(tokens, index, options, env, self);
    return isPlain(env) ? html.replaceAll('{{', '&#123;&#123;') : html;
  };
}

/** @param {import('vitepress').MarkdownRenderer} md */
export function plainMarkdown(md) {
  md.core.ruler.before('normalize', 'plain', (state) => {
    state.md.set({ html: !isPlain(state.env) });
  });
  md.core.ruler.push('links', (state) => {
    const source = sourceOf(state.env.relativePath ?? '');
    if (source !== undefined) relink(state.tokens, source);
  });
  md.block.ruler.before('html_block', 'comment', comment, { alt: ['paragraph'] });
  md.inline.ruler.before('html_inline', 'anchor', anchor);
  // Code that is indented looks as code between fences does, and scrolls as it does.
  md.renderer.rules.code_block = (tokens, index, options, env, self) => {
    tokens[index].info = 'text';
    return md.renderer.rules.fence(tokens, index, options, env, self);
  };
  for (const name of ['text', 'code_inline']) {
    md.renderer.rules[name] = withoutBraces(md.renderer.rules[name]);
  }
}
