// Where the addon is looked for in a bundle, and what is said when it is nowhere: the loader alone,
// bundled into a folder of its own. That of the package as it is: test/errors.test.ts, and
// `npm run check -- package`.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { addonPath } from '../src/native.ts';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const { hostName } = await import(new URL('../scripts/prebuilds.mjs', import.meta.url).href);
const folder = mkdtempSync(join(tmpdir(), 'edgewise-bundle-'));
const PREBUILD = join('prebuilds', hostName(), 'edgewise.node');

const PROGRAM = `
  import { loadAddon } from './addon.ts';
  import { threadFile } from './multi/entry.ts';
  const outcome = (body) => {
    try {
      return body();
    } catch ({ code, message }) {
      return { code, message };
    }
  };
  console.log(JSON.stringify({
    addon: outcome(() => loadAddon().path),
    thread: outcome(() => threadFile('worker').href),
  }));
`;

/** The folders of the bundle and of the program that loads it. */
const LIBRARY = join(folder, 'library');
const MAIN = join(folder, 'main');

function bundle(format: 'esm' | 'cjs'): string {
  const outfile = join(LIBRARY, `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`);
  buildSync({
    stdin: { contents: PROGRAM, resolveDir: SRC },
    bundle: true,
    platform: 'node',
    format,
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

interface Outcome {
  readonly addon: string | { readonly code: string; readonly message: string };
  readonly thread: { readonly code: string };
}

function run(file: string, explicit?: string): Outcome {
  const { EDGEWISE_ADDON: _, ...env } = process.env;
  if (explicit !== undefined) env.EDGEWISE_ADDON = explicit;
  const main = join(MAIN, 'main.mjs');
  writeFileSync(main, `import ${JSON.stringify(pathToFileURL(file).href)};`);
  const options = { cwd: folder, env, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync(process.execPath, [main], options);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

function put(...path: string[]): string {
  const to = join(folder, ...path);
  mkdirSync(join(to, '..'), { recursive: true });
  copyFileSync(addonPath, to);
  return to;
}

afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['esm', 'cjs'] as const)('in a bundle, %s', (format) => {
  const file = bundle(format);

  beforeEach(() => {
    rmSync(join(LIBRARY, 'prebuilds'), { recursive: true, force: true });
    rmSync(MAIN, { recursive: true, force: true });
    mkdirSync(MAIN);
  });

  test('the addon is the one that EDGEWISE_ADDON names: a path, a path from here, a URL', () => {
    const path = put('elsewhere', 'edgewise.node');
    put('library', PREBUILD);
    for (const explicit of [path, 'elsewhere/edgewise.node', pathToFileURL(path).href]) {
      expect(run(file, explicit).addon).toBe(path);
    }
  });

  test('or in prebuilds/ beside the bundle, or else beside the program', () => {
    const besideMain = put('main', PREBUILD);
    expect(run(file).addon).toBe(besideMain);
    const besideBundle = put('library', PREBUILD);
    expect(run(file).addon).toBe(besideBundle);
  });

  test('one that is nowhere is one error with the places, and with what to do', () => {
    const { addon } = run(file);
    expect(addon).toEqual({
      code: 'ERR_ADDON_MISSING',
      message: expect.stringMatching(/^no edgewise addon for [^\n]+EDGEWISE_ADDON[^\n]+$/),
    });
    for (const place of [LIBRARY, MAIN]) {
      expect(addon).toHaveProperty('message', expect.stringContaining(join(place, PREBUILD)));
    }
  });

  test.each([
    ['is no addon', 'edgewise.node', 'no addon'],
    ['has another name', 'edgewise.so', 'its name does not end in .node'],
  ])('one that %s is one error with the reason', (_, name, reason) => {
    const path = join(MAIN, name);
    writeFileSync(path, 'no addon');
    const { addon } = run(file, path);
    const message = expect.stringMatching(
      new RegExp(`^the edgewise addon ${path} \\(explicit\\) cannot be loaded [^\\n]+$`),
    );
    expect(addon).toEqual({ code: 'ERR_ADDON_UNLOADABLE', message });
    if (name.endsWith('.so'))
      expect(addon).toHaveProperty('message', expect.stringMatching(reason));
  });

  test('the files of threads are missing, with a code', () => {
    expect(run(file).thread).toMatchObject({ code: 'ERR_THREAD_FILE_MISSING' });
  });
});
