// Writes src/sys/constants.names.ts: the names in the native table of constants
// (native/addon/constants/*.inc), as a TypeScript type for each file of it. Run it after a change of
// the table; test/sys/constants.test.ts compares. `--print` writes to standard output instead.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const TABLE = new URL('../native/addon/constants/', import.meta.url);
const OUTPUT = new URL('../src/sys/constants.names.ts', import.meta.url);
const HEADER = `// The names in \`constants\` (constants.ts), by the files of native/addon/constants/. Made by
// scripts/generate-constants.mjs: change the table there.
`;

/** `sockets.inc` gives SocketConstant: its first line is the documentation, each row a name. */
function typeOf(file) {
  const text = readFileSync(new URL(file, TABLE), 'utf8');
  const [, summary] = /^\/\/ (.*)\n/.exec(text) ?? [];
  if (summary === undefined) throw new Error(`${file} does not begin with a comment`);
  const names = Array.from(text.matchAll(/^(?:NAMED_)?ROW\((\w+)/gm), ([, name]) => name);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  if (repeated.length > 0) throw new Error(`${file} has twice: ${repeated.join(', ')}`);
  const word = `${file[0].toUpperCase()}${file.slice(1).replace(/s\.inc$/, '')}`;
  const rows = names.map((name) => `\n  | '${name}'`).join('');
  return {
    name: `${word}Constant`,
    text: `\n/** ${summary} */\nexport type ${word}Constant =${rows};\n`,
  };
}

const files = readdirSync(TABLE).filter((file) => file.endsWith('.inc'));
const types = files.sort().map(typeOf);
const all = types.map(({ name }) => `\n  | ${name}`).join('');
const last = `\n/** The name of a number in \`constants\`. */\nexport type ConstantName =${all};\n`;
const output = [HEADER, ...types.map(({ text }) => text), last].join('');
if (process.argv[2] === '--print') process.stdout.write(output);
else writeFileSync(OUTPUT, output);
