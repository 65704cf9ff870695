// A plugin of typedoc: modules have the names by which they are imported (`edgewise/sys`, from the
// `exports` of package.json), and what they export is grouped by what one does (categories.mjs).
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';
import { CATEGORIES, categoryOf, MODULES, OTHER } from './categories.mjs';
import { summarize } from './summary.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `'src/sys/index.ts'` -> `'edgewise/sys'`. */
function importNames() {
  const { name, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const entries = Object.entries(exports).flatMap(([subpath, target]) => {
    const file = target.default?.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts');
    return file === undefined ? [] : [[file, name + subpath.slice(1)]];
  });
  return new Map(entries);
}

function fileOf(project, reflection) {
  const id = project.getSymbolIdFromReflection(reflection);
  return id === undefined ? undefined : relative(ROOT, id.fileName).replaceAll('\\', '/');
}

/** Adds the tag by which typedoc makes the group. A function has its comment at each signature. */
function putInto(category, reflection) {
  for (const commented of reflection.signatures ?? [reflection]) {
    commented.comment ??= new Comment();
    const tags = commented.comment.blockTags;
    if (tags.some(({ tag }) => tag === '@category')) continue;
    tags.push(new CommentTag('@category', [{ kind: 'text', text: category }]));
  }
}

/** After the links: comments name a module by its folder, `{@link "sys"}`. */
const AFTER_LINKS = -1000;

function modulesOf(project) {
  return project.getReflectionsByKind(ReflectionKind.Module);
}

function nameModules(app, project) {
  const names = importNames();
  for (const module of modulesOf(project)) {
    const name = names.get(fileOf(project, module) ?? '');
    if (name === undefined) app.logger.warn(`${module.name} is no export of package.json`);
    else module.name = name;
    module.comment ??= new Comment([{ kind: 'text', text: MODULES[name] ?? '' }]);
  }
}

/** A link to a module shows its new name. */
function nameLinks(project) {
  const comments = Object.values(project.reflections).flatMap(({ comment }) => comment ?? []);
  const parts = comments.flatMap(({ summary, blockTags }) => [
    ...summary,
    ...blockTags.flatMap(({ content }) => content),
  ]);
  for (const part of parts) {
    if (part.target?.kindOf?.(ReflectionKind.Module)) part.text = part.target.name;
  }
}

export function load(app) {
  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    app.options.setValue('categoryOrder', [...new Set(CATEGORIES.map(([title]) => title)), OTHER]);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const children = modulesOf(project).flatMap((module) => module.children ?? []);
    for (const child of children.filter((one) => !one.isReference())) {
      putInto(categoryOf(fileOf(project, child) ?? ''), child);
    }
  });
  const rename = ({ project }) => {
    nameModules(app, project);
    nameLinks(project);
  };
  app.converter.on(Converter.EVENT_RESOLVE_END, rename, AFTER_LINKS);
  summarize(app);
}
