// The rules of the house that a machine can check. What is an exception stands here with its
// reason; a rule that is in nobody's way is not written down.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDERS = ['src', 'native', 'test', 'bench', 'examples', 'scripts', 'docs', '.github', '.ci'];
const GENERATED = /^docs\/api\/|^examples\/serve\/(build|node_modules)\/|^bench\/node_modules\//;

/**
 * Lowest first. A file imports from layers below its own; inside a folder's layer the files of that
 * folder may import each other, without a circle.
 */
const LAYERS: readonly (readonly string[])[] = [
  [
    'errors',
    'failures',
    'timers/heap',
    'sys/constants.sockets',
    'sys/constants.sources',
    'sys/constants.system',
  ],
  ['interest', 'validate', 'timers/wheel'],
  ['native', 'timers/timer'],
  ['sys/constants', 'timers/timers', 'records'],
  ['address'],
  ['sys/'],
  ['sys', 'poller', 'registration', 'signals', 'waker', 'driver'],
  ['options', 'slots', 'lint'],
  ['dispatcher'],
  ['reactor'],
  ['net/'],
  ['index'],
  ['promises/'],
  ['promises'],
  ['proactor/'],
  ['proactor'],
  ['stream/'],
  ['stream'],
  ['multi/'],
  ['multi'],
  ['compat/'],
  ['cli/'],
];

const UPWARD: Readonly<Record<string, string>> = {
  'native -> sys/constants': 'a type: the names of the constants stand beside their values',
};

const LINES_MAX = 350;
const LINES_MAX_BACKEND = 300;
const FUNCTION_LINES_MAX = 60;
/** One example that is a program of several files. */
const LINES_MAX_PROGRAM = 150;
const COLUMNS_MAX = 100;
const LONGER_FILES: Readonly<Record<string, { max: number; why: string }>> = {
  'src/reactor/reactor.ts': {
    max: 520,
    why: 'the public class: half of its lines are its documentation',
  },
  'test/fuzz/signatures.ts': { max: 520, why: 'a table of functions, one row each' },
  'test/sys/sys.test.ts': { max: 500, why: 'a table of system calls, one test each' },

  'test/sys/arguments.test.ts': { max: 450, why: 'a table of wrong arguments, one row each' },
};

function walk(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // not every folder is needed
    throw error;
  }
}

const rootFiles = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== '.git' && !entry.name.endsWith('.tgz'))
  .map((entry) => entry.name);
const files = [...FOLDERS.flatMap(walk), ...rootFiles].filter((path) => !GENERATED.test(path));
const texts = new Map(files.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
const typeScript = files.filter((path) => path.endsWith('.ts'));
const cpp = files.filter((path) => /\.(cc|h|inc)$/.test(path));
const script = files.filter((path) => /\.(ts|mjs)$/.test(path));
const self = 'test/tidy.test.ts';

function linesOf(path: string): string[] {
  const text = texts.get(path);
  if (text === undefined) throw new Error(`${path} was not read`);
  return text.replace(/\n$/, '').split('\n');
}

/** `path:line` of every line that matches. */
function find(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    linesOf(path).flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );
}

function withoutSelf(paths: readonly string[]): string[] {
  return paths.filter((path) => path !== self);
}

/** What a file of src/ imports of src/, as paths without `src/` and `.ts`. */
function importsOf(path: string, text = texts.get(path) ?? ''): string[] {
  const from = posix.dirname(path);
  return ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => moduleName(posix.join(from, name)));
}

function moduleName(path: string): string {
  return path.replace(/^src\//, '').replace(/\.ts$/, '');
}

function layerOf(name: string): number {
  const exact = LAYERS.findIndex((layer) => layer.includes(name));
  return exact >= 0
    ? exact
    : LAYERS.findIndex((layer) => layer.includes(`${posix.dirname(name)}/`));
}

function isAllowed(from: string, to: string): boolean {
  if (`${from} -> ${to}` in UPWARD) return true;
  const [own, other] = [layerOf(from), layerOf(to)];
  if (own === other) return posix.dirname(from) !== '.' && LAYERS[own]?.[0]?.endsWith('/') === true;
  return other < own;
}

const sources = typeScript.filter((path) => path.startsWith('src/'));
const graph = new Map(sources.map((path) => [moduleName(path), importsOf(path)]));

// Types are gone when the modules run: a circle that only types close is none.
const runtimeGraph = new Map(
  sources.map((path) => [
    moduleName(path),
    importsOf(path, texts.get(path)?.replace(/^(import|export) type [^;]*;/gm, '')),
  ]),
);

function circleFrom(name: string, trail: readonly string[]): string | undefined {
  if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name].join(' -> ');
  for (const next of runtimeGraph.get(name) ?? []) {
    const circle = circleFrom(next, [...trail, name]);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

describe('layers', () => {
  it('every file of src/ has a layer', () => {
    expect([...graph.keys()].filter((name) => layerOf(name) < 0)).toEqual([]);
  });

  it('a file imports only what stands below it', () => {
    const wrong = [...graph].flatMap(([from, imports]) =>
      imports.filter((to) => !isAllowed(from, to)).map((to) => `${from} -> ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('no circle of imports', () => {
    const circles = [...graph.keys()].map((name) => circleFrom(name, []));
    expect(circles.filter((circle) => circle !== undefined)).toEqual([]);
  });

  it('every exception is one that is used', () => {
    const edges = [...graph].flatMap(([from, all]) => all.map((to) => `${from} -> ${to}`));
    expect(Object.keys(UPWARD).filter((edge) => !edges.includes(edge))).toEqual([]);
    expect(Object.keys(LONGER_FILES).filter((path) => !texts.has(path))).toEqual([]);
  });

  it('only src/native.ts loads the addon', () => {
    const loaders = find(sources, /createRequire|process\.dlopen/).map((at) => at.split(':')[0]);
    expect([...new Set(loaders)]).toEqual(['src/native.ts']);
  });

  it('only native/addon/loop_driver.cc includes uv.h', () => {
    const seers = find(cpp, /#include [<"]uv(\/.*)?\.h[>"]/).map((at) => at.split(':')[0]);
    expect(seers).toEqual(['native/addon/loop_driver.cc']);
  });

  it('native/core, its tests and the load generator know neither Node nor V8', () => {
    const portable = cpp.filter((path) => !path.startsWith('native/addon/'));
    expect(find(portable, /#include [<"](node|v8|js_native|napi|uv)[a-z_-]*(\.h|\/)/)).toEqual([]);
  });
});

describe('TypeScript', () => {
  const checked = withoutSelf(script);

  it('no default export', () => {
    const withDefault = find(checked, /^export default\b|^export \{[^}]*\bas default\b/);
    expect(withDefault.map((at) => at.split(':')[0])).toEqual([
      'src/node-net/index.ts',
      'bench/vitest.config.ts',
      'vitest.config.ts',
    ]); // vitest asks
  });

  it('no enum, no namespace with values: types can be erased', () => {
    const erased = /^\s*(export )?((declare )?(const )?enum|namespace) \w+ *\{/;
    expect(find(checked, erased)).toEqual([]);
  });

  it('no any by assertion', () => {
    expect(find(checked, /^(?!\s*(\/\/|\/?\*)).*\bas any\b/)).toEqual([]);
  });

  it('a lint rule is switched off only with a reason', () => {
    const all = find(checked, /biome-ignore|@ts-(ignore|expect-error|nocheck)/);
    const explained = find(checked, /(biome-ignore [\w/]+: |@ts-expect-error:? )\S+ \S+ \S+/);
    expect(all.filter((at) => !explained.includes(at))).toEqual([]);
  });

  it('relative imports name the file as it is', () => {
    const strange = checked.flatMap((path) =>
      ts
        .preProcessFile(texts.get(path) ?? '')
        .importedFiles.filter(({ fileName }) => /^\.\.?\//.test(fileName))
        .filter(({ fileName }) => !/\.(ts|mjs|cjs|js|json)$/.test(fileName))
        .map(({ fileName }) => `${path}: ${fileName}`),
    );
    expect(strange).toEqual([]);
  });
});

function isBackend(path: string): boolean {
  return /^native\/core\/.*_poller\.cc$/.test(path);
}

/** Functions of a TypeScript or JavaScript file that are longer than the budget. */
function longFunctions(path: string): string[] {
  const file = ts.createSourceFile(path, texts.get(path) ?? '', ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  function visit(node: ts.Node): void {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = file.getLineAndCharacterOfPosition(node.getStart()).line;
      const last = file.getLineAndCharacterOfPosition(node.getEnd()).line;
      if (last - first + 1 > FUNCTION_LINES_MAX) found.push(`${path}:${first + 1}`);
    }
    ts.forEachChild(node, visit);
  }
  visit(file);
  return found;
}

/** The same for C++, by its layout: a brace that opens at the end of a line and closes in column. */
function longBlocks(path: string): string[] {
  const lines = linesOf(path);
  return lines.flatMap((line, first) => {
    const indent = /^( {0,2})(?!namespace|extern|class|struct|enum|union|\}|#| |\/)\S.*\{$/.exec(
      line,
    );
    if (indent === null) return [];
    const last = lines.findIndex((other, at) => at > first && other.startsWith(`${indent[1]}}`));
    return last - first + 1 > FUNCTION_LINES_MAX ? [`${path}:${first + 1}`] : [];
  });
}

/** Begins with a comment; of `x.cc` and `x_linux.cc` the one of `x.h` will do. Fifteen lines need none. */
function isExplained(path: string): boolean {
  const begins = /^(#!.*\n)?(\/\/|\/\*|#error)/;
  if (begins.test(texts.get(path) ?? '') || linesOf(path).length <= 15) return true;
  const headers = [path.replace(/\.cc$/, '.h'), path.replace(/_[a-z]+\.cc$/, '.h')];
  return path.endsWith('.cc') && headers.some((header) => begins.test(texts.get(header) ?? ''));
}

describe('budgets', () => {
  it('files are short', () => {
    const code = [...script, ...cpp].filter((path) => !path.endsWith('.inc'));
    const long = code.filter((path) => {
      const max = LONGER_FILES[path]?.max ?? (isBackend(path) ? LINES_MAX_BACKEND : LINES_MAX);
      return linesOf(path).length > max;
    });
    expect(long).toEqual([]);
  });

  it('functions are short', () => {
    const own = script.filter((path) => !/^(.*\/)?test\//.test(path));
    expect(own.flatMap(longFunctions)).toEqual([]);
    expect(cpp.flatMap(longBlocks)).toEqual([]);
  });

  it('examples are short', () => {
    const examples = script.filter((path) => /^examples\/(?!serve\/test\/)/.test(path));
    const max = (path: string) =>
      path.startsWith('examples/serve/') ? LINES_MAX_PROGRAM : FUNCTION_LINES_MAX;
    expect(examples.filter((path) => linesOf(path).length > max(path))).toEqual([]);
  });

  it('lines of C++ fit on the screen', () => {
    const formatted = cpp.filter((path) => !path.endsWith('.inc')); // tables, one row per line
    const isWide = (line: string) => [...line].length > COLUMNS_MAX;
    expect(formatted.filter((path) => linesOf(path).some(isWide))).toEqual([]);
  });

  it('every file says at its top what it is for', () => {
    const code = [...withoutSelf(script), ...cpp].filter(
      (path) => !path.endsWith('vitest.config.ts'),
    );
    expect(code.filter((path) => !isExplained(path))).toEqual([]);
  });
});

interface Lockfile {
  readonly packages: Record<string, { readonly optionalDependencies?: Record<string, string> }>;
}

describe('the repository', () => {
  it('no absolute path of a machine', () => {
    const own = withoutSelf(files);
    expect(find(own, /(?<![\w.~*-])\/(home|Users|root|work)\/[\w.-]/)).toEqual([]);
  });

  it('no registry host in the lockfiles', () => {
    const locks = files.filter((path) => path.endsWith('package-lock.json'));
    expect(find(locks, /"resolved": "(?!\.\.|bench")|registry\./)).toEqual([]);
  });

  it('the lockfile holds the binaries of every system, or npm ci refuses it', () => {
    const lock: Lockfile = JSON.parse(texts.get('package-lock.json') ?? '');
    const missing = Object.entries(lock.packages).flatMap(([at, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {}).filter(
        (name) =>
          !(
            `node_modules/${name}` in lock.packages || `${at}/node_modules/${name}` in lock.packages
          ),
      ),
    );
    expect(missing).toEqual([]);
  });

  it('no dependencies at run time', () => {
    const manifest = JSON.parse(texts.get('package.json') ?? '');
    expect(manifest.dependencies ?? {}).toEqual({});
    expect(Object.keys(manifest.scripts).filter((name) => /install|prepare/.test(name))).toEqual(
      [],
    );
  });
});
