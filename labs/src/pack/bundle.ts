// The grader with all that it needs, as files of an archive: it runs where there is no network.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { UsageError } from '../commands/command.ts';
import { CONFIG_FILE } from '../config.ts';
import type { Lab } from '../lab.ts';
import { edgewiseRoot, LABS_ROOT } from '../root.ts';

export interface PackedFile {
  readonly bytes: Uint8Array;
  readonly isExecutable?: boolean;
}

/** By path in the archive. */
export type Files = Map<string, PackedFile>;

export interface BundleOptions {
  /** The program `node` that is running goes along. */
  readonly hasNode: boolean;
}

/** What goes into `grader/` of every archive. @throws UsageError - there is no binary for Linux. */
export function graderFiles(lab: Lab, { hasNode }: BundleOptions): Files {
  const edgewise = edgewiseRoot();
  const files: Files = new Map([
    ['grade.sh', template('grade.sh', valuesOf(lab), true)],
    ...under(edgewise, ['package.json', 'LICENSE', ...built(edgewise)], 'edgewise'),
    ...under(edgewise, addons(edgewise), 'edgewise'),
    ...under(LABS_ROOT, ['package.json', ...built(LABS_ROOT), ...given(lab)], 'edgewise-labs'),
  ]);
  if (hasNode) files.set('bin/node', nodeFile());
  if (existsSync(CONFIG_FILE)) files.set(CONFIG_FILE, { bytes: readFileSync(CONFIG_FILE) });
  return files;
}

/** A file of packs/, with values in place of `@NAMES@`. */
export function template(
  path: string,
  values: Readonly<Record<string, string>>,
  isExecutable = false,
): PackedFile {
  const text = readFileSync(join(LABS_ROOT, 'packs', path), 'utf8');
  const filled = text.replace(/@([A-Z]+)@/g, (name, key: string) => values[key] ?? name);
  return { bytes: Buffer.from(filled), isExecutable };
}

export function valuesOf({ number, folder, title, files }: Lab): Record<string, string> {
  return {
    LAB: `${number}`,
    FOLDER: folder,
    TITLE: title,
    FILES: files.join(' '),
    COMMAS: files.join(','),
  };
}

/** The same files in a folder. */
export function into(folder: string, files: Files): Files {
  return new Map([...files].map(([path, file]) => [`${folder}/${path}`, file]));
}

function under(root: string, paths: readonly string[], name: string): [string, PackedFile][] {
  return paths.map((path) => [
    `node_modules/${name}/${path}`,
    { bytes: readFileSync(join(root, path)) },
  ]);
}

// What a student was given, in TypeScript and in JavaScript: a submission may be the rest alone.
function given({ folder }: Lab): string[] {
  return [...all(LABS_ROOT, `${folder}/starter`), ...all(LABS_ROOT, `dist/js/${folder}`)];
}

// Declarations and source maps are for editors, and the JavaScript twins are those of all labs.
function built(root: string): string[] {
  return all(root, 'dist').filter((path) => !/\.d\.ts$|\.map$|^dist\/js\//.test(path));
}

function all(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

function addons(edgewise: string): string[] {
  const prebuilds = existsSync(join(edgewise, 'prebuilds'))
    ? all(edgewise, 'prebuilds').filter((path) => /^prebuilds\/linux-.*\.node$/.test(path))
    : [];
  const local = 'build/Release/edgewise.node';
  const hasLocal = process.platform === 'linux' && existsSync(join(edgewise, local));
  const found = prebuilds.length === 0 && hasLocal ? [local] : prebuilds;
  if (found.length > 0) return found;
  throw new UsageError(`${edgewise} has no binary for Linux, where graders run`);
}

function nodeFile(): PackedFile {
  if (process.platform !== 'linux') {
    throw new UsageError('--with-node packs the node that is running, and graders run Linux');
  }
  return { bytes: readFileSync(process.execPath), isExecutable: true };
}
