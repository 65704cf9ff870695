// Compiles the programs in C that run beside the contenders: sources, sinks and clients.
import { mkdirSync, statSync } from 'node:fs';
import type { Children } from '../../../src/cli/measure/index.ts';
import { inRoot } from '../root.ts';

const COMPILE_MS_MAX = 60_000;

/** The path of `bench/peers/NAME.c` as a program; compiled anew only when the source is newer. */
export async function compiled(
  name: string,
  children: Children,
  signal: AbortSignal,
): Promise<string> {
  const [source, folder] = [inRoot(`bench/peers/${name}.c`), inRoot('build-bench/load')];
  const program = `${folder}/${name}`;
  const made = statSync(program, { throwIfNoEntry: false });
  if (made !== undefined && made.mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(folder, { recursive: true });
  const args = ['-O2', '-Wall', '-o', program, source];
  await (await children.start({ file: 'cc', args })).finish(signal, COMPILE_MS_MAX);
  return program;
}
