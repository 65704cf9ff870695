// The folder of a course, as npm would install it: edgewise and edgewise-labs beside each other, above the folders of
// students. Here edgewise is one file for each of its entry points: hundreds of folders are graded, each by a dozen
// programs, and each program loads a hundred files otherwise. `npm run check -- package` has students with the packages as they are published.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @returns the folder, in which folders of students can be made. */
export async function makeCourse(folder) {
  const installed = (name) => join(folder, 'node_modules', name);
  const edgewise = installed('edgewise');
  mkdirSync(edgewise, { recursive: true });
  await bundle(join(edgewise, 'dist'));
  // Where a bundle looks for it (docs/packaging.md).
  const place = join(edgewise, 'dist/prebuilds', `${process.platform}-${process.arch}`);
  mkdirSync(place, { recursive: true });
  symlinkSync(join(ROOT, 'build/Release/edgewise.node'), join(place, 'edgewise.node'));
  const { name, version } = manifest;
  const exports = Object.fromEntries(
    entries
      .map(([path, file]) => [path, `./dist/${file}.js`])
      .concat([['./package.json', './package.json']]),
  );
  const text = JSON.stringify({ name, version, type: 'module', exports });
  writeFileSync(join(edgewise, 'package.json'), text);
  const labs = installed('edgewise-labs');
  for (const part of ['package.json', 'dist']) {
    cpSync(join(ROOT, 'labs', part), join(labs, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules/fflate'), installed('fflate'));
  return folder;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** Import path, and the name of its file. */
const entries = Object.keys(manifest.exports)
  .filter((path) => typeof manifest.exports[path] === 'object' && path !== './testing/fast-check')
  .map((path) => [path, path === '.' ? 'index' : path.slice('./'.length)]);

async function bundle(to) {
  const input = entries.map(([path, file]) => [file, join(ROOT, manifest.exports[path].default)]);
  const build = await rolldown({
    input: Object.fromEntries(input),
    platform: 'node',
    external: ['tinypool', 'fast-check', /^@sinonjs\//],
  });
  await build.write({ dir: to, format: 'esm', chunkFileNames: '[name].js' });
  await build.close();
}
