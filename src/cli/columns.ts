// Texts for a terminal of 80 columns.

const COLUMNS = 80;
const INDENT = 2;
/** A left column that is wider has its text on the next line. */
const LEFT_MAX = 26;

/** A text whose lines are broken between words where they are longer than 80 columns. */
export function wrapped(text: string, columns = COLUMNS): string {
  return text
    .split('\n')
    .flatMap((line) => brokenLine(line, columns))
    .join('\n');
}

function brokenLine(line: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Names and what they are, in two columns. */
export function columnLines(rows: readonly (readonly [name: string, text: string])[]): string {
  const widths = rows.map(([name]) => name.length).filter((width) => width <= LEFT_MAX);
  const width = Math.max(...widths, 0);
  const left = INDENT + width + INDENT;
  return rows
    .flatMap(([name, text]) => {
      const lines = brokenLine(text, COLUMNS - left);
      const isWide = name.length > width;
      const first = ' '.repeat(INDENT) + name.padEnd(width);
      const [head = '', ...rest] = isWide ? ['', ...lines] : lines;
      const behind = rest.map((line) => ' '.repeat(left) + line);
      return [isWide ? first : `${first}  ${head}`, ...behind];
    })
    .join('\n');
}
