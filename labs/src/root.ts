// Where this package and edgewise are: their files are read, copied and run by other processes.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This package's folder, built or not. */
export const LABS_ROOT = folderWithManifest(dirname(fileURLToPath(import.meta.url)));

/** The folder of the edgewise that the grader runs on. */
export function edgewiseRoot(): string {
  return dirname(createRequire(import.meta.url).resolve('edgewise/package.json'));
}

/** The program `edgewise`. */
export function edgewiseProgram(): string {
  return join(edgewiseRoot(), 'dist/cli/main.js');
}

export function versionIn(root: string): string {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function folderWithManifest(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : folderWithManifest(dirname(folder));
}
