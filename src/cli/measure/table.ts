// Text tables for a terminal: the first column flush left, the others flush right.

/** @param rows - the header first; all of one length. A cell may have several lines. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      const lengths = cell.split('\n').map((line) => line.length);
      widths[column] = Math.max(widths[column] ?? 0, ...lengths);
    });
  }
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const [header = [], ...body] = rows;
  return [formatRow(header, widths), rule, ...body.map((row) => formatRow(row, widths))].join('\n');
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(...cells.map((lines) => lines.length));
  const lines = Array.from({ length: height }, (_, at) =>
    cells
      .map((cell, column) => {
        const [text, width] = [cell[at] ?? '', widths[column] ?? 0];
        return column === 0 ? text.padEnd(width) : text.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}
