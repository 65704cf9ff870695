// What a parser sees in a file of TypeScript or JavaScript: lengths of functions, classes, hooks that
// call up, and literals that are spread into literals. Of C++, what its layout shows.
import ts from 'typescript';

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** `path:line` of the nodes that `isFound` finds. */
function findNodes(path: string, text: string, isFound: (node: ts.Node) => boolean): string[] {
  const file = parse(path, text);
  const found: string[] = [];
  function visit(node: ts.Node): void {
    if (isFound(node)) found.push(`${path}:${lineOf(file, node.getStart())}`);
    ts.forEachChild(node, visit);
  }
  visit(file);
  return found;
}

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}

/** Functions of more than `linesMax` lines. */
export function longFunctions(path: string, text: string, linesMax: number): string[] {
  return findNodes(path, text, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return false;
    const file = node.getSourceFile();
    return lineOf(file, node.getEnd()) - lineOf(file, node.getStart()) + 1 > linesMax;
  });
}

/** Whether a file exports one class, which is as long as its job. */
export function isClassFile(path: string, text: string): boolean {
  const exported = findNodes(
    path,
    text,
    (node) =>
      ts.isClassDeclaration(node) &&
      (node.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
  );
  return exported.length === 1;
}

/** Members of classes that a subclass must have: a lower layer would call up through them. */
export function abstractMembers(path: string, text: string): string[] {
  return findNodes(
    path,
    text,
    (node) =>
      ts.isClassElement(node) &&
      ts.canHaveModifiers(node) &&
      (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword),
  );
}

/** Literals that are spread into a literal, which only pleases the formatter: `[...['a', 'b']]`. */
export function spreadLiterals(path: string, text: string): string[] {
  return findNodes(path, text, (node) => {
    if (!ts.isSpreadElement(node) && !ts.isSpreadAssignment(node)) return false;
    let { expression } = node;
    while (
      ts.isParenthesizedExpression(expression) ||
      ts.isAsExpression(expression) ||
      ts.isSatisfiesExpression(expression)
    ) {
      expression = expression.expression;
    }
    return ts.isObjectLiteralExpression(expression) || ts.isArrayLiteralExpression(expression);
  });
}

/** Functions of C++ of more than `linesMax` lines: a brace opens a line's end, and closes in column. */
export function longBlocks(path: string, text: string, linesMax: number): string[] {
  const lines = text.split('\n');
  const opening = /^( {0,2})(?!namespace|extern|class|struct|enum|union|\}|#| |\/)\S.*\{$/;
  return lines.flatMap((line, first) => {
    const indent = opening.exec(line);
    if (indent === null) return [];
    const last = lines.findIndex((other, at) => at > first && other.startsWith(`${indent[1]}}`));
    return last - first + 1 > linesMax ? [`${path}:${first + 1}`] : [];
  });
}
