// The rules of the house that a machine can check, over all files of the repository. The checks
// are in test/tidy/; what is an exception is here, with its reason.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import {
  circles,
  graphOf,
  homeless,
  pastDoors,
  runtimeGraphOf,
  upwardImports,
} from './tidy/house.ts';
import {
  abstractMembers,
  isClassFile,
  longBlocks,
  longFunctions,
  spreadLiterals,
} from './tidy/shape.ts';
import { dialectIn } from './tidy/words.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDERS = [
  'src',
  'viewer',
  'native',
  'test',
  'bench',
  'examples',
  'labs',
  'scripts',
  'site',
  'docs',
  '.github',
  '.ci',
];
const GENERATED =
  /^site\/(pages|dist|\.vitepress\/cache)\/|^examples\/serve\/(build|node_modules)\/|^(bench|labs)\/(node_modules|dist)\//;

/** One direction for types too; what still goes up has its reason here. */
const UPWARD: Readonly<Record<string, string>> = {};

/** Where words are that are not ours, or are named to be avoided. */
const WORDS_APART =
  /^test\/tidy(\.test|\/words|\/words\.test)\.ts$|package-lock\.json$|^bench\/results\//;

const LINES_MAX = 350;
const LINES_MAX_BACKEND = 300;
const FUNCTION_LINES_MAX = 60;
/** Examples that are programs of several files, or grow step by step. */
const LINES_MAX_PROGRAM = 200;
const COLUMNS_MAX = 100;
const LONGER_FILES: Readonly<Record<string, { max: number; why: string }>> = {
  'src/sys/constants.names.ts': { max: 650, why: 'made from a table, one name each' },
  'src/native.ts': { max: 450, why: 'a table of native functions, one row each' },
  'src/node-net/server.ts': { max: 525, why: 'one class, and what listening takes' },
  'test/node-net/compat.test.ts': { max: 850, why: 'a table of behaviours, one test each' },
  'test/register/workers/cases.mjs': { max: 430, why: 'a table of behaviours, one case each' },
  'test/fuzz/entries.ts': { max: 460, why: 'a table of functions, one row each' },
  'test/fuzz/signatures.ts': { max: 600, why: 'a table of functions, one row each' },
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

/** What a check finds in each of `paths`, but in those that begin like one of `notYet`. */
function findIn(
  paths: readonly string[],
  check: (path: string, text: string) => string[],
): string[] {
  return paths.flatMap((path) => check(path, texts.get(path) ?? ''));
}

const sources = typeScript.filter((path) => path.startsWith('src/'));
const sourceTexts = new Map(sources.map((path) => [path, texts.get(path) ?? '']));
const graph = graphOf(sourceTexts);

describe('floors', () => {
  it('every file of src/ is in a room of the house', () => {
    expect(homeless(graph)).toEqual([]);
    expect(sources.filter((path) => /^src\/net\/(?!index\.ts$)[^/]+$/.test(path))).toEqual([]);
  });

  it('a file imports only from rooms below its own', () => {
    const wrong = upwardImports(graph).filter((edge) => !(edge in UPWARD));
    expect(wrong).toEqual([]);
  });

  it('a planted import of a room above is found', () => {
    const planted = new Map([...graph, ['reactor/slots', ['errors', 'net/connection/connection']]]);
    const edge = 'reactor/slots -> net/connection/connection';
    expect(upwardImports(graph)).not.toContain(edge);
    expect(upwardImports(planted)).toContain(edge);
  });

  it('a room is entered by its index.ts, except from the floor directly above', () => {
    expect(pastDoors(graph)).toEqual([]);
  });

  it('no circle of imports', () => {
    expect(circles(runtimeGraphOf(sourceTexts))).toEqual([]);
  });

  it('a class calls nothing above it: no abstract members', () => {
    expect(findIn(sources, abstractMembers)).toEqual([]);
  });

  it('every exception is one that is used', () => {
    const upward = upwardImports(graph);
    expect(Object.keys(UPWARD).filter((edge) => !upward.includes(edge))).toEqual([]);
    expect(Object.keys(LONGER_FILES).filter((path) => !texts.has(path))).toEqual([]);
  });

  it('only src/addon.ts loads the addon', () => {
    const loaders = find(sources, /createRequire|process\.dlopen/).map((at) => at.split(':')[0]);
    // lab.ts finds another package from the folder of its user.
    expect([...new Set(loaders)].sort()).toEqual(['src/addon.ts', 'src/cli/lab.ts']);
  });

  it('what enters the kernel goes through native.ts, and only kernel.ts replaces it', () => {
    const calls = find(
      sources,
      /\b(readFile|open|close|stat|lstat|fstat|unlink|rm|chmod|read|write)Sync\(|\bdns\.lookup\(/,
    );
    const callers = new Set(calls.map((at) => at.split(':')[0] ?? ''));
    // The command line is a program that reads files of its own.
    // A trace and its page are files for people, and none of the servers that they show.
    // And src/addon.ts reads where the addon is, before there is one.
    const outside = /^src\/(addon\.ts$|cli\/|whole-file\.ts$|trace\/trace\.ts$|view\/page\.ts$)/;
    const own = [...callers].filter((path) => !outside.test(path));
    const byNative = find(sources, /\bnative\.\w+Sync\(/).map((at) => at.split(':')[0]);
    expect(own.filter((path) => !byNative.includes(path))).toEqual(['src/native.ts']);
    const replacers = find(
      sources,
      /\bnative\.\w+ = |(defineProperty|assign)\((native|prototype)\b|\bNativePoller\.prototype\b/,
    );
    expect([...new Set(replacers.map((at) => at.split(':')[0]))]).toEqual(['src/kernel.ts']);
  });

  it('only the loop driver and the signals include uv.h', () => {
    const seers = find(cpp, /#include [<"]uv(\/.*)?\.h[>"]/).map((at) => at.split(':')[0]);
    expect(seers).toEqual(['native/addon/loop_driver.cc', 'native/addon/signal_wrap.cc']);
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
      'src/node-dgram/index.ts',
      'src/node-net/index.ts',
      'test/guide/vitest.config.ts',
      'test/site/vitest.config.ts',
      'bench/vitest.config.ts',
      'site/.vitepress/config.mjs',
      'site/.vitepress/theme/index.mjs',
      'vitest.config.ts',
    ]); // vitest and VitePress ask
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

  it('no literal is spread into a literal to please the formatter', () => {
    expect(findIn(checked, spreadLiterals)).toEqual([]);
  });

  it('what was reported is compared with Readiness, not with Interest', () => {
    expect(find(checked, /readiness & Interest\./i)).toEqual([]);
  });

  it('relative imports name the file as it is', () => {
    const strange = checked.flatMap((path) =>
      ts
        .preProcessFile(texts.get(path) ?? '')
        .importedFiles.filter(({ fileName }) => /^\.\.?\//.test(fileName))
        .filter(({ fileName }) => !/\.(ts|mjs|cjs|js|json|vue|css)$/.test(fileName))
        .map(({ fileName }) => `${path}: ${fileName}`),
    );
    expect(strange).toEqual([]);
  });
});

function isBackend(path: string): boolean {
  return /^native\/core\/.*_poller\.cc$/.test(path);
}

/** Whether a file of C++ defines a class, or the members of the one of its header. */
function isNativeClass(path: string): boolean {
  const header = texts.get(path.replace(/(_[a-z]+)?\.cc$/, '.h')) ?? texts.get(path) ?? '';
  return /^class \w+[^;]*\{/m.test(header);
}

/** Begins with a comment; of `x.cc` and `x_linux.cc` the one of `x.h` will do. Fifteen lines need none. */
function isExplained(path: string): boolean {
  const begins = /^(#!.*\n)?(\/\/|\/\*|#error)/;
  if (begins.test(texts.get(path) ?? '') || linesOf(path).length <= 15) return true;
  const headers = [path.replace(/\.cc$/, '.h'), path.replace(/_[a-z]+\.cc$/, '.h')];
  return path.endsWith('.cc') && headers.some((header) => begins.test(texts.get(header) ?? ''));
}

describe('budgets', () => {
  it('files are short, but those of one class, which is as long as its job', () => {
    const isOneClass = (path: string) =>
      path.endsWith('.ts') ? isClassFile(path, texts.get(path) ?? '') : isNativeClass(path);
    const long = [...script, ...cpp].filter((path) => {
      if (path.endsWith('.inc') || (!isBackend(path) && isOneClass(path))) return false;
      const max = LONGER_FILES[path]?.max ?? (isBackend(path) ? LINES_MAX_BACKEND : LINES_MAX);
      return linesOf(path).length > max;
    });
    expect(long).toEqual([]);
  });

  it('functions are short', () => {
    const own = script.filter((path) => !/^(.*\/)?test\//.test(path));
    const long = (path: string, text: string) => longFunctions(path, text, FUNCTION_LINES_MAX);
    expect(findIn(own, long)).toEqual([]);
    const longOfCpp = (path: string, text: string) => longBlocks(path, text, FUNCTION_LINES_MAX);
    expect(findIn(cpp, longOfCpp)).toEqual([]);
  });

  it('examples are short', () => {
    const examples = script.filter((path) => /^examples\/(?!serve\/test\/)/.test(path));
    const max = (path: string) =>
      /^examples\/(serve\/|cluster\/|guide\/\d)/.test(path)
        ? LINES_MAX_PROGRAM
        : FUNCTION_LINES_MAX;
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

describe('plain words', () => {
  const isText = (path: string) =>
    /\.(ts|mts|mjs|js|md|cc|h|inc|c|go|rs|py|sh|yml|json)$/.test(path);
  const spoken = files.filter((path) => isText(path) && !WORDS_APART.test(path));

  it('files say nothing that the field does not say', () => {
    expect(findIn(spoken, dialectIn)).toEqual([]);
  });
});

describe('the repository', () => {
  it('no absolute path of a machine', () => {
    const own = withoutSelf(files);
    expect(find(own, /(?<![\w.~*-])\/(home|Users|root|work)\/[\w.-]/)).toEqual([]);
  });

  it('no registry host in the lockfiles', () => {
    const locks = files.filter((path) => path.endsWith('package-lock.json'));
    expect(find(locks, /"resolved": "(?!\.\.|bench"|labs"|")|registry\./)).toEqual([]);
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
