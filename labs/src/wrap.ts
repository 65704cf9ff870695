// Text for a terminal of so many columns.

import { stripVTControlCharacters } from 'node:util';

/** Without what a terminal would obey: anything can be in what a program has printed. */
export function printable(text: string): string {
  const plain = stripVTControlCharacters(text).replaceAll('\r\n', '\n').replaceAll('\t', '  ');
  return plain.replace(/(?!\n)\p{Cc}/gu, '?');
}

/** The first of it, and a sign that there was more. */
export function cut(text: string, length: number): string {
  const letters = [...text];
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join('')}…`;
}

/** Lines of at most `width` columns: what fits is left as it is, and the rest broken at spaces. Commands are whole. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, width));
}

/** What is copied as it is. */
const COMMAND = /^\s*(EDGEWISE_SIM=\S* )?(npx|node) /;

function wrapLine(line: string, width: number): string[] {
  if ([...line].length <= width || COMMAND.test(line)) return [line];
  const indent = ' '.repeat(Math.min(indentOf(line), width >> 1));
  const lines: string[] = [];
  // Blanks within it are columns, and stay; those at its end do not.
  let current = '';
  for (const [piece, blanks = '', word = ''] of line.matchAll(/( *)([^ ]+)/g)) {
    if (current !== '' && [...current].length + [...piece].length > width) {
      lines.push(current);
      current = indent;
    } else current += blanks;
    const parts = chunks(word, width - [...current].length, width - indent.length);
    for (const [at, part] of parts.entries()) {
      if (at > 0) {
        lines.push(current);
        current = indent;
      }
      current += part;
    }
  }
  return [...lines, current];
}

// What follows is below the last column of an indented line; a line of prose has none.
function indentOf(line: string): number {
  if (!line.startsWith(' ')) return 0;
  return /^ *(?:.* {2,})?/.exec(line)?.[0].length ?? 0;
}

// Of a word that is longer than a line.
function chunks(word: string, first: number, others: number): string[] {
  const letters = [...word];
  const parts = [letters.slice(0, first)];
  for (let at = first; at < letters.length; at += others) {
    parts.push(letters.slice(at, at + others));
  }
  return parts.map((part) => part.join(''));
}

/** A table with columns two spaces apart; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? '').length)),
  );
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
