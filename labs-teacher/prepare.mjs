// Lays out a folder as a student has it: the starter, with the solution over it, with a mutant's patch on that.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const stripsTypes = process.features.typescript === 'strip';
let folders = 0;

/** The mutants of a lab: name, patch, and what its JSON file says. */
export function mutantsOf({ folder }) {
  const from = join(ROOT, 'labs-teacher', folder, 'mutants');
  if (!existsSync(from)) return [];
  return readdirSync(from)
    .filter((file) => file.endsWith('.patch'))
    .map((file) => {
      const name = basename(file, '.patch');
      const about = JSON.parse(readFileSync(join(from, `${name}.json`), 'utf8'));
      return { name, patch: join(from, file), ...about };
    });
}

/** @param base - a folder of a course (course.mjs). @returns the student's folder in it. */
export function prepare(base, { lab, kind, mutant }) {
  const where = join(base, String(folders++));
  mkdirSync(where);
  writeFileSync(join(where, 'package.json'), '{ "type": "module" }\n');
  cpSync(join(ROOT, 'labs', lab.folder, 'starter'), where, { recursive: true });
  if (kind !== 'starter') {
    cpSync(join(ROOT, 'labs-teacher', lab.folder, 'solution'), where, { recursive: true });
  }
  if (mutant !== undefined) {
    execFileSync('git', ['apply', '--whitespace=nowarn', mutant.patch], { cwd: where });
  }
  if (!stripsTypes) stripTypes(where);
  return where;
}

// As `edgewise lab start --js` has it, for a Node that runs no TypeScript.
function stripTypes(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') stripTypes(path);
    if (!entry.isFile() || !path.endsWith('.ts')) continue;
    writeFileSync(path.replace(/\.ts$/, '.js'), withoutTypes(readFileSync(path, 'utf8')));
    rmSync(path);
  }
}

// Most files are the same in all mutants of a lab.
const stripped = new Map();

function withoutTypes(source) {
  const known = stripped.get(source);
  if (known !== undefined) return known;
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: 'es2023',
      module: 'esnext',
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  stripped.set(source, outputText);
  return outputText;
}
