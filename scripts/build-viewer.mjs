// Makes dist/view/page.html, the template of the page of a trace: viewer/ as one file. Its script and its
// style are the only ones that the page's policy lets in, by their hashes; src/view/page.ts puts a name
// and a trace in.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const FOLDER = 'viewer';
const OUTPUT = join('dist', 'view');

async function bundle() {
  const build = await rolldown({
    input: join(FOLDER, 'main.ts'),
    platform: 'browser',
    onLog(_, { message }) {
      throw new Error(message);
    },
  });
  const { output } = await build.generate({ format: 'iife', minify: true });
  await build.close();
  return output[0].code.trim();
}

/** What a policy names a script or a style by. */
function hashOf(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const script = await bundle();
const style = readFileSync(join(FOLDER, 'style.css'), 'utf8');
if (/<\/script|<!--|\{\{/i.test(script)) throw new Error('the script would end the page early');
const policy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');
const parts = { policy, style, script };
const template = readFileSync(join(FOLDER, 'index.html'), 'utf8');
mkdirSync(OUTPUT, { recursive: true });
writeFileSync(
  join(OUTPUT, 'page.html'),
  template.replace(/(?:\/\*)?\{\{(policy|style|script)\}\}(?:\*\/)?/g, (_, name) => parts[name]),
);
