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

/** Lines of at most `width` columns: what fits is left as it is, and the rest broken at spaces. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, width));
}

function wrapLine(line: string, width: number): string[] {
  if ([...line].length <= width) return [line];
  const lines: string[] = [];
  let current = '';
  for (const word of line
    .trim()
    .split(/ +/)
    .flatMap((each) => chunks(each, width))) {
    if (current !== '' && [...current].length + 1 + [...word].length > width) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

function chunks(word: string, width: number): string[] {
  const letters = [...word];
  const count = Math.ceil(letters.length / width);
  return Array.from({ length: count }, (_, at) =>
    letters.slice(at * width, (at + 1) * width).join(''),
  );
}

/** A table with columns two spaces apart; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? '').length)),
  );
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
