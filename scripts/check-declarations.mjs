// Reads the declarations of every entry point as a consumer with `exactOptionalPropertyTypes` does, and names
// each optional member of an exported type that does not take undefined: `{ port: options.port }` would not
// compile there. Exit code 1 when there is one. `npm run check -- types` runs it over dist/.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { exports } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
const ENTRIES = Object.values(exports).flatMap(({ types }) => (types ? [`${ROOT}/${types}`] : []));
/** What only edgewise makes, and a caller reads: there an absent member is absent. */
const RESULTS = /(Error|Context|Address|Stats|Report|Finding|Facts|Event|Data)$/;

const options = {
  strict: true,
  exactOptionalPropertyTypes: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  types: ['node'],
  skipLibCheck: true,
};
const program = ts.createProgram(ENTRIES, options);
const checker = program.getTypeChecker();

/** Whether a type node takes undefined: also by what it refers to. */
function takesUndefined(node) {
  const type = checker.getTypeFromTypeNode(node);
  if ((type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Undefined)) !== 0)
    return true;
  return type.isUnion() && type.types.some(({ flags }) => (flags & ts.TypeFlags.Undefined) !== 0);
}

function* membersWithout(node, name) {
  for (const child of node.getChildren()) {
    const isMember = ts.isPropertySignature(child) || ts.isMethodSignature(child);
    const path = isMember ? `${name}.${child.name.getText()}` : name;
    // A method that is optional never takes undefined: it has to be a property.
    const isShort = ts.isMethodSignature(child) || !child.type || !takesUndefined(child.type);
    if (isMember && child.questionToken && isShort) yield path;
    if (!ts.isBlock(child)) yield* membersWithout(child, path);
  }
}

let count = 0;
const found = new Set();
for (const entry of ENTRIES) {
  const source = program.getSourceFile(entry);
  if (source === undefined) throw new Error(`${entry} is missing: npm run build`);
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(source))) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of target.declarations ?? []) {
      const isType =
        ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration);
      if (!isType || !declaration.getSourceFile().fileName.startsWith(`${ROOT}dist/`)) continue;
      if (RESULTS.test(symbol.name)) continue;
      count++;
      for (const path of membersWithout(declaration, symbol.name)) found.add(path);
    }
  }
}
for (const path of found) console.error(`${path} is optional and does not take undefined`);
console.log(`${count} exported types, ${found.size} optional members that do not take undefined`);
process.exitCode = found.size === 0 && count > 0 ? 0 : 1;
