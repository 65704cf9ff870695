// All members of a class or an interface in one table, with the first sentence of each, at the top of
// its page: what a reader looks for first.
import { ReflectionKind } from 'typedoc';
import { MarkdownPageEvent } from 'typedoc-plugin-markdown';

const FEW = 3;

/** The first sentence, in Markdown that fits into a cell. */
function sentenceOf(member) {
  const comment = member.comment ?? member.getSignature?.comment ?? member.signatures?.[0]?.comment;
  const text = (comment?.summary ?? []).map(({ text }) => text).join('');
  const [paragraph = ''] = text.split('\n\n');
  const [sentence = ''] = paragraph.replace(/\s+/g, ' ').split(/(?<=[.!?]) (?=[A-Z`])/);
  return sentence.replace(/(?<!\\)\|/g, '\\|').trim();
}

function nameOf(member) {
  if (member.kindOf(ReflectionKind.Constructor)) return 'constructor()';
  return member.signatures === undefined ? member.name : `${member.name}()`;
}

function table(title, members, urlOf) {
  if (members.length === 0) return [];
  const rows = members.map((member) => {
    const name = `\`${nameOf(member)}\``;
    const url = urlOf(member);
    return `| ${url === undefined ? name : `[${name}](${url})`} | ${sentenceOf(member)} |`;
  });
  return ['', `| ${title} | What it does |`, '| --- | --- |', ...rows];
}

/** The tables of methods and of what is not one, in the order of their names. */
function tablesOf(reflection, router) {
  const members = (reflection.children ?? []).filter((member) => router.hasUrl(member));
  if (members.length < FEW) return undefined;
  const urlOf = (member) => {
    const anchor = router.getAnchor(member);
    return anchor === undefined ? undefined : `#${anchor}`;
  };
  const sorted = members.toSorted((one, other) => one.name.localeCompare(other.name));
  const isCalled = (member) => member.signatures !== undefined;
  return [
    '## All members',
    ...table('Method', sorted.filter(isCalled), urlOf),
    ...table(
      'Property',
      sorted.filter((member) => !isCalled(member)),
      urlOf,
    ),
    '',
  ].join('\n');
}

/** `# Connection` -> `# Connection (edgewise/promises)`: there is one in `edgewise` as well. */
function titled(contents, { name, parent, kind }) {
  const module = parent.name;
  const up = `${ReflectionKind.singularString(kind)} of [\`${module}\`](../index.md)`;
  return contents.replace(/^# .*$/m, () => `# ${name} (${module})\n\n${up}`);
}

/** Puts the tables before the first heading of a page of a class or an interface. */
export function summarize(app) {
  app.renderer.on(MarkdownPageEvent.END, (page) => {
    const { model } = page;
    if (!model?.kindOf?.([ReflectionKind.Class, ReflectionKind.Interface])) return;
    page.contents = titled(page.contents, model);
    const tables = tablesOf(model, app.renderer.router);
    if (tables === undefined) return;
    page.contents = page.contents.replace(/^## /m, () => `${tables}\n## `);
  });
}
