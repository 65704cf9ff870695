// Copies what the site shows into site/pages/, from where the generator reads: `node site/stage.mjs`.
// `api/`, which typedoc writes, and `public/traces/`, which traces.mjs writes, stay.
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PAGES, pages, pictures, ROOT } from './sources.mjs';

const MADE_BY_OTHERS = ['api', 'public'];

mkdirSync(PAGES, { recursive: true });
for (const name of readdirSync(PAGES)) {
  if (!MADE_BY_OTHERS.includes(name)) rmSync(join(PAGES, name), { recursive: true });
}
for (const [source, target] of [...pages, ...pictures]) {
  mkdirSync(dirname(join(PAGES, target)), { recursive: true });
  cpSync(join(ROOT, source), join(PAGES, target));
}
cpSync(join(ROOT, 'site', 'own'), PAGES, { recursive: true });
// The first picture, which the home page has in both colour schemes.
cpSync(join(ROOT, 'docs/pictures/lost-edge.png'), join(PAGES, 'public/lost-edge.png'));
console.log(`site/pages: ${pages.size} pages, ${pictures.size} pictures`);
