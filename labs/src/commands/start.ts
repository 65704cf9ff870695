// `edgewise lab start N [DIR]`: what a student begins with.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { configuredLabs, readConfig } from '../config.ts';
import { stripsTypes } from '../exam/program.ts';
import type { Lab } from '../lab.ts';
import { edgewiseRoot, LABS_ROOT, versionIn } from '../root.ts';
import { shellWord } from '../shell-word.ts';
import { type Command, UsageError } from './command.ts';
import { FOLDER_OPERAND, LAB_OPERAND, labOf } from './words.ts';

export const start: Command = {
  name: 'start',
  summary: 'a folder with the sheet of a lab and a program to complete',
  description:
    'Copies the starter and the sheet of lab N into DIR, by default a folder with the\n' +
    'name of the lab.\n' +
    'Nothing is overwritten.',
  operands: [LAB_OPERAND, FOLDER_OPERAND],
  options: { js: { help: 'in JavaScript, for Node before 22.18' } },
  async run(options) {
    const lab = labOf(options, configuredLabs(readConfig()));
    const folder = options.has('DIR') ? options.text('DIR') : lab.folder;
    const isScript = options.has('js');
    const source = join(
      LABS_ROOT,
      isScript ? 'dist/js' : '',
      lab.folder,
      isScript ? '' : 'starter',
    );
    if (!existsSync(source)) throw new UsageError(`${source} is not there: npm run build -- labs`);
    const made = generated(lab, isScript);
    assertFree(folder, [...filesIn(source), 'README.md', ...Object.keys(made)]);
    copy(source, lab, folder, made);
    process.stdout.write(textOf(lab, folder, isScript));
    return 0;
  },
};

function filesIn(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths.filter((path) => statSync(join(folder, path)).isFile());
}

function assertFree(folder: string, files: readonly string[]): void {
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new UsageError(`${folder} is no folder`);
  }
  const taken = files.find((file) => existsSync(join(folder, file)));
  if (taken === undefined) return;
  throw new UsageError(`${join(folder, taken)} is there already, and nothing is overwritten`);
}

function copy(
  source: string,
  lab: Lab,
  folder: string,
  made: Readonly<Record<string, string>>,
): void {
  try {
    mkdirSync(folder, { recursive: true });
    cpSync(source, folder, { recursive: true });
    writeFileSync(join(folder, 'README.md'), sheetOf(lab, folder));
    for (const [name, text] of Object.entries(made)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined || path?.startsWith(LABS_ROOT)) throw error;
    throw new UsageError(`${path} cannot be written: ${code}`);
  }
}

// Its links are to the documentation that is installed, and not to that of the repository.
function sheetOf(lab: Lab, folder: string): string {
  const text = readFileSync(join(LABS_ROOT, lab.folder, 'README.md'), 'utf8');
  return text.replaceAll('](../../docs/', `](${documentationFrom(resolve(folder))}/`);
}

/** The path of edgewise's documentation; where edgewise is not installed yet, that which it will have. */
function documentationFrom(folder: string): string {
  for (let above = folder; ; above = dirname(above)) {
    const path = join(above, 'node_modules/edgewise/docs');
    if (existsSync(path)) return encodeURI(relative(folder, path));
    if (above === dirname(above)) return 'node_modules/edgewise/docs';
  }
}

function generated(lab: Lab, isScript: boolean): Record<string, string> {
  const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
  const manifest = {
    name: lab.folder,
    private: true,
    type: 'module',
    scripts: { check: `edgewise lab check ${lab.number} .` },
    dependencies: { edgewise: `^${versionIn(edgewiseRoot())}` },
    devDependencies: { 'edgewise-labs': `^${versionIn(LABS_ROOT)}` },
  };
  const files = { 'package.json': json(manifest), '.gitignore': 'node_modules\n.edgewise\n' };
  return isScript ? files : { ...files, 'tsconfig.json': json(TSCONFIG) };
}

/** What Node can run without a build, checked strictly in an editor. */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
  },
};

function textOf(lab: Lab, folder: string, isScript: boolean): string {
  const lines = [`Lab ${lab.number}, ${lab.title}: ${folder}`, `read ${join(folder, 'README.md')}`];
  if (!isScript && !stripsTypes()) {
    lines.push(
      `Node ${process.version} runs no TypeScript: use 22.18 or newer, or start with --js`,
    );
  }
  if (!findsEdgewise(folder)) lines.push(`next: cd ${shellWord(folder)} && npm install`);
  lines.push(`next: npx edgewise lab check ${lab.number} ${shellWord(folder)}`);
  return `${lines.join('\n')}\n`;
}

function findsEdgewise(folder: string): boolean {
  try {
    createRequire(resolve(folder, 'package.json')).resolve('edgewise');
    return true;
  } catch {
    return false;
  }
}
