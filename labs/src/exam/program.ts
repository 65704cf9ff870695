// A student's program: which file it is, and the words that start it.
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Miss } from '../lab.ts';
import { shellWord } from '../shell-word.ts';

const REGISTER = fileURLToPath(new URL('../ledger/register.js', import.meta.url));
// Absent before Node 22.10; types of Node 20 do not know it.
const { typescript } = process.features as { readonly typescript?: unknown };

/** Whether this Node runs TypeScript without a build. */
export function stripsTypes(): boolean {
  return typescript === 'strip';
}

/** The file of a part that the student hands in: `NAME.ts`, or `NAME.js`. @throws Miss - there is none. */
export function programFile(folder: string, name: string): string {
  const file = [`${name}.ts`, `${name}.js`].map((each) => join(folder, each)).find(existsSync);
  if (file === undefined) throw new Miss('not found', `no ${name}.ts in ${folder}`, { file: name });
  if (file.endsWith('.ts') && !stripsTypes()) {
    const { version } = process;
    throw new Miss('cannot run here', `${name}.ts, and Node ${version}`, { version });
  }
  return file;
}

/** The arguments of `node` for it. */
export function nodeArguments(
  file: string,
  args: readonly string[],
  isRecorded: boolean,
): string[] {
  const quiet = ['--disable-warning=ExperimentalWarning'];
  return [...quiet, ...(isRecorded ? ['--import', REGISTER] : []), file, ...args];
}

/** The command that a student types for the same; a server of the grader is gone then. */
export function commandLine(file: string, args: readonly string[]): string {
  const words = args.map((word) => word.replace(/^127\.0\.0\.1:\d+$/, 'HOST:PORT'));
  return ['node', shellWord(relative(process.cwd(), file)), ...words].join(' ');
}
