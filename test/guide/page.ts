// The pages of the guide, taken apart: what a reader is to type (changes of files), what is to be seen (talks),
// which faults are shown, and the whole files at the end. A block is a comment and the fence behind it.
import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);
const BLOCK = /<!-- (change|fault|talk|file): ([^\n]*?) -->\n\n```\w+\n([\s\S]*?)```\n/g;

/** One block of a page; `of` is the file that it changes, or what a talk is held with. */
export interface Block {
  readonly kind: 'change' | 'fault' | 'talk' | 'file';
  readonly of: string;
  readonly text: string;
}

/** The files of a step, by name. */
export type Files = ReadonlyMap<string, string>;

/** The names of the ten steps, `01-first-bytes` and so on. */
export const STEPS = readdirSync(new URL('examples/guide/', ROOT))
  .filter((name) => /^\d\d-/.test(name))
  .sort();

export function textOf(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

export function pageOf(step: string): string {
  return textOf(`docs/guide/${step}.md`);
}

export function blocksOf(page: string): Block[] {
  return [...page.matchAll(BLOCK)].map(([, kind, of = '', text = '']) => ({
    kind: kind as Block['kind'],
    of,
    text,
  }));
}

/** The files of a step as they are in examples/. */
export function examplesOf(step: string): Files {
  const folder = `examples/guide/${step}/`;
  const names = readdirSync(new URL(folder, ROOT)).filter((name) => name.endsWith('.ts'));
  return new Map(names.sort().map((name) => [name, textOf(folder + name)]));
}

/** The parts of a diff: what is to be found, and what takes its place. */
function hunksOf(diff: string): { before: string; after: string }[] {
  return diff.split(/^@@\n/m).map((hunk) => {
    const lines = hunk.split('\n').slice(0, -1);
    const side = (mark: string) =>
      lines
        .filter((line) => !line.startsWith(mark))
        .map((line) => `${line.slice(1)}\n`)
        .join('');
    return { before: side('+'), after: side('-') };
  });
}

/**
 * Does what a reader does with a diff: looks for the lines that are there, and puts the new ones in their place.
 *
 * @throws Error - they are not there, or at more than one place.
 */
export function applyDiff(text: string, diff: string): string {
  return hunksOf(diff).reduce((result, { before, after }) => {
    const parts = result.split(before);
    if (before !== '' && parts.length !== 2) {
      throw new Error(`at ${parts.length - 1} places:\n${before}in:\n${result}`);
    }
    return before === '' ? result + after : parts.join(after);
  }, text);
}

/** `server.ts`, or `chat.ts from server.ts`: a file that is renamed, and then changed. */
function namesOf(of: string): { name: string; from: string } {
  const [name = '', from = name] = of.replace(/ \d+$/, '').split(' from ');
  return { name, from };
}

/** The files of a reader that began with `files`, and has done what the blocks say. */
export function typed(files: Files, blocks: readonly Block[]): Files {
  const result = new Map(files);
  for (const { kind, of, text } of blocks) {
    const { name, from } = namesOf(of);
    if (kind !== 'change' && kind !== 'fault') continue;
    const before = result.get(from) ?? '';
    if (from !== name) result.delete(from);
    result.set(name, /^[ +-]/.test(text) ? applyDiff(before, text) : text);
  }
  return new Map([...result].sort(([left], [right]) => (left < right ? -1 : 1)));
}
