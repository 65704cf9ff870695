// What npm runs before it packs: in folders that look like the repository at different times. The
// binary of this machine is the one that was built; those of others are made of its bytes.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SCRIPT = join(ROOT, 'scripts', 'prepack.mjs');
const { flawOf, hostName, makePrebuild, TARGETS } = await import(
  new URL('../scripts/prebuilds.mjs', import.meta.url).href
);
const BUILT = join(ROOT, 'build', 'Release');
const HOST = hostName();
const BINARIES = ['edgewise.node', 'edgewise-load'];

/** What is said of a local build; those of other C libraries do not name a version. */
const LOCAL_BUILD =
  process.platform === 'linux' && !HOST.endsWith('-musl')
    ? /^prepack: the binary for \S+ is a local build, for glibc 2\.\d+ or newer; [^\n]+\n$/
    : /^$/;

let folder = '';
const at = (...path: string[]) => join(folder, ...path);

function write(path: string, text = '//') {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

function put(...path: string[]) {
  mkdirSync(at(...path), { recursive: true });
  for (const name of BINARIES) copyFileSync(join(BUILT, name), at(...path, name));
}

function prepack(command = 'pack') {
  const env = { ...process.env, npm_command: command };
  const options = { cwd: folder, env, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], options);
  return { status, stdout, stderr };
}

function expectRefusal(pattern: RegExp, command?: string) {
  const { status, stdout, stderr } = prepack(command);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^prepack: [^\n]+\n$/);
  expect(stderr).toMatch(pattern);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prepack-'));
  write('src/net/index.ts');
  write('dist/net/index.js');
  write('dist/net/index.d.ts');
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('the binary of this machine', () => {
  test('is the local build where there is no other', () => {
    put('build', 'Release');
    const { status, stdout, stderr } = prepack();
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(LOCAL_BUILD);
    expect(readdirSync(at('prebuilds', HOST)).sort()).toEqual([...BINARIES].sort());
    for (const name of BINARIES) {
      expect(readFileSync(at('prebuilds', HOST, name))).toEqual(readFileSync(join(BUILT, name)));
    }
  });

  test('is the one that was made last', () => {
    put('build', 'Release');
    put('prebuilds', HOST);
    writeFileSync(at('prebuilds', HOST, 'edgewise-load'), 'of before', { flag: 'a' });
    utimesSync(at('prebuilds', HOST, 'edgewise.node'), 1, 1);
    expect(prepack().status).toBe(0);
    const packed = () => readFileSync(at('prebuilds', HOST, 'edgewise-load'));
    expect(packed()).toEqual(readFileSync(join(BUILT, 'edgewise-load')));
    writeFileSync(at('prebuilds', HOST, 'edgewise-load'), 'cross-built', { flag: 'a' });
    utimesSync(at('build', 'Release', 'edgewise.node'), 1, 1);
    expect(prepack().status).toBe(0);
    expect(packed().toString('latin1')).toMatch(/cross-built$/);
  });

  test('must be there', () => {
    expectRefusal(/Release\/edgewise\.node is not there: npm run build -- native$/m);
    expect(existsSync(at('prebuilds'))).toBe(false);
  });

  test('must be loadable, not only whole', () => {
    put('prebuilds', HOST);
    copyFileSync(join(BUILT, 'edgewise-load'), at('prebuilds', HOST, 'edgewise.node'));
    expectRefusal(/edgewise\.node cannot be loaded: /);
  });
});

describe('a clone where nothing is built', () => {
  // What the real one leaves, in the time of a test.
  function writeBuild(outcome: string) {
    const scripts = { build: 'node build.mjs' };
    write('package.json', JSON.stringify({ private: true, scripts }));
    const copies = BINARIES.map(
      (name) => `copyFileSync(${JSON.stringify(join(BUILT, name))}, 'build/Release/${name}');`,
    );
    write(
      'build.mjs',
      `import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
      console.log('building');
      for (const name of ['dist/net', 'build/Release']) mkdirSync(name, { recursive: true });
      for (const kind of ['js', 'd.ts']) writeFileSync('dist/net/index.' + kind, '//');
      ${copies.join('\n')}
      ${outcome}`,
    );
  }

  beforeEach(() => rmSync(at('dist'), { recursive: true }));

  test('is built, and what that prints does not mix with the answer of npm pack --json', () => {
    writeBuild('');
    const { status, stdout, stderr } = prepack();
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(/^prepack: nothing is built yet[^\n]+\nbuilding\n(prepack: [^\n]+\n)?$/);
    expect(readdirSync(at('prebuilds', HOST)).sort()).toEqual([...BINARIES].sort());
    expect(prepack().stderr).not.toContain('building');
  });

  test('is not packed when that fails', () => {
    writeBuild('process.exit(3);');
    const { status, stderr } = prepack();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^prepack: npm run build has failed$/m);
    expect(existsSync(at('prebuilds'))).toBe(false);
  });

  test('is not built to publish', () => {
    writeBuild('');
    expectRefusal(/no dist\/net\/index\.js: npm run build$/m, 'publish');
    expect(existsSync(at('dist'))).toBe(false);
  });
});

// By its headers for another machine, though its code is for this one.
const isMac = process.platform === 'darwin';
const isArm = process.arch === 'arm64';
const other = `${isMac ? 'darwin' : 'linux'}-${isArm ? 'x64' : 'arm64'}`;
function giveToOther(bytes: Buffer) {
  if (isMac) bytes.writeUInt32LE(isArm ? 0x01000007 : 0x0100000c, 4);
  else bytes.writeUInt16LE(isArm ? 62 : 183, 18);
}
const flaws: [string, (path: string) => void, RegExp][] = [
  ['is not there', (path) => rmSync(path), /is not there/],
  ['is empty', (path) => truncateSync(path, 0), /is empty/],
  ['ends in its header', (path) => truncateSync(path, 40), /is cut off/],
  ['ends in its middle', (path) => truncateSync(path, 50_000), /is cut off/],
  ['is text', (path) => writeFileSync(path, 'no binary'), /is no (ELF|Mach-O) file/],
  [
    'is for another machine',
    (path) => copyFileSync(join(BUILT, 'edgewise.node'), path),
    /is not for/,
  ],
];

describe('a binary in prebuilds/', () => {
  beforeEach(() => {
    put('build', 'Release');
    put('prebuilds', other);
    for (const name of BINARIES) {
      const bytes = readFileSync(at('prebuilds', other, name));
      giveToOther(bytes);
      writeFileSync(at('prebuilds', other, name), bytes);
    }
  });

  test('that is whole is packed', () => {
    expect(prepack()).toEqual({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(LOCAL_BUILD),
    });
  });

  describe.each(BINARIES)('%s', (name) => {
    test.each(flaws)('that %s is refused', (_title, spoil, pattern) => {
      spoil(at('prebuilds', other, name));
      expectRefusal(pattern);
      expectRefusal(
        new RegExp(`prebuilds/${other}/${name} .*: npm run build -- prebuilds ${other}$`, 'm'),
      );
    });
  });

  test('is needed for every platform to publish, and the local build is none', () => {
    expectRefusal(/^prepack: prebuilds\/.* is not there: npm run build -- prebuilds /, 'publish');
    expect(readdirSync(at('prebuilds'))).toEqual([other]);
    expect(Object.keys(TARGETS)).toContain(other);
  });
});

test('a Mach-O file is whole when its last segment is in it', () => {
  const bytes = Buffer.alloc(32 + 72 + 8);
  bytes.writeUInt32LE(0xfeedfacf, 0);
  bytes.writeUInt32LE(0x0100000c, 4);
  bytes.writeUInt32LE(1, 16);
  bytes.writeUInt32LE(72, 20);
  bytes.writeUInt32LE(0x19, 32);
  bytes.writeUInt32LE(72, 36);
  bytes.writeBigUInt64LE(104n, 32 + 40);
  bytes.writeBigUInt64LE(8n, 32 + 48);
  writeFileSync(at('file'), bytes);
  expect(flawOf(at('file'), 'darwin-arm64')).toBe(undefined);
  expect(flawOf(at('file'), 'darwin-x64')).toBe('is not for x64');
  expect(flawOf(at('file'), 'linux-x64')).toBe('is no ELF file');
  truncateSync(at('file'), bytes.length - 1);
  expect(flawOf(at('file'), 'darwin-arm64')).toBe('is cut off');
});

describe('dist/', () => {
  beforeEach(() => put('build', 'Release'));

  test.each(['dist/net/index.js', 'dist/net/index.d.ts'])('lacks nothing: %s', (path) => {
    rmSync(at(path));
    expectRefusal(new RegExp(`no ${path}: npm run build$`, 'm'));
    write(path, ''); // tsc was interrupted
    expectRefusal(new RegExp(`no ${path}: npm run build$`, 'm'));
    rmSync(at('dist'), { recursive: true });
    expectRefusal(/no dist\/net\/index\.js: npm run build$/m);
  });

  test('has the page that src/view/page.ts fills', () => {
    for (const path of ['src/view/page.ts', 'dist/view/page.js', 'dist/view/page.d.ts'])
      write(path);
    expectRefusal(/no dist\/view\/page\.html: npm run build$/m);
    write('dist/view/page.html');
    expect(prepack().status).toBe(0);
  });

  test('has nothing of sources that are no more', () => {
    write('dist/net/gone.js');
    expectRefusal(/dist\/net\/gone\.js has no source: remove dist\/ and npm run build$/m);
  });
});

describe('makePrebuild', () => {
  const cwd = process.cwd();
  beforeEach(() => process.chdir(folder));
  afterEach(() => process.chdir(cwd));

  test('leaves nothing in prebuilds/ when it is interrupted', async () => {
    const interrupted = async (fresh: string) => {
      writeFileSync(join(fresh, 'edgewise.node'), '');
      throw new Error('interrupted');
    };
    await expect(makePrebuild('linux-x64', interrupted)).rejects.toThrow('interrupted');
    expect(existsSync(at('prebuilds'))).toBe(false);
  });

  test('replaces a folder as a whole', async () => {
    write('prebuilds/linux-x64/edgewise.node', 'old');
    write('prebuilds/linux-x64/left over', 'old');
    await makePrebuild('linux-x64', (fresh: string) => {
      expect(readFileSync(at('prebuilds/linux-x64/edgewise.node'), 'utf8')).toBe('old');
      writeFileSync(join(fresh, 'edgewise.node'), 'new');
    });
    expect(readdirSync(at('prebuilds/linux-x64'))).toEqual(['edgewise.node']);
  });
});
