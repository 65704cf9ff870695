// The JavaScript twins of the starters, for Node without TypeScript: labs/NN-name/starter/ without its types in
// labs/dist/js/NN-name/. What types were is left out, comments stay, and the formatter does the rest.
// Run by `npm run build -- labs`.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import blankSpace from 'ts-blank-space';
import ts from 'typescript';

const BIOME = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url));

/**
 * A program without its types.
 *
 * @param {string} source
 * @param {string} name - of the file, for messages.
 */
export function twinOf(source, name) {
  const script = blankSpace(importingScripts(source), (node) => {
    throw new Error(`${name}: ${node.getText()} is more than types`);
  });
  const words = ['format', '--stdin-file-path=twin.js'];
  const { status, stdout, stderr } = spawnSync(BIOME, words, { input: script, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return stdout;
}

// './x.ts' is './x.js' then.
function importingScripts(source) {
  const { importedFiles } = ts.preProcessFile(source);
  const relative = importedFiles.filter(({ fileName }) => /^\.\.?\/.*\.ts$/.test(fileName));
  return relative.reduceRight((text, { fileName, pos }) => {
    const end = text.indexOf(fileName, pos) + fileName.length;
    return `${text.slice(0, end - '.ts'.length)}.js${text.slice(end)}`;
  }, source);
}

/**
 * Makes the twins of all labs anew.
 *
 * @param {string} labs - the folder with NN-name/starter.
 * @param {string} to - gets a folder NN-name for each.
 */
export function makeTwins(labs, to) {
  rmSync(to, { recursive: true, force: true });
  for (const lab of readdirSync(labs).filter((name) => /^\d\d-/.test(name))) {
    const starter = join(labs, lab, 'starter');
    if (!existsSync(starter)) continue;
    for (const path of readdirSync(starter, { recursive: true })) {
      if (/\.\w+$/.test(path)) makeTwin(join(starter, path), join(to, lab, path));
    }
  }
}

function makeTwin(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  if (!from.endsWith('.ts')) cpSync(from, to, { recursive: true });
  else writeFileSync(to.replace(/\.ts$/, '.js'), twinOf(readFileSync(from, 'utf8'), from));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  makeTwins(resolve('labs'), resolve('labs/dist/js'));
