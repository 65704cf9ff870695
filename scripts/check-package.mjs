// Checks what would be published: packs it, asserts the list of files, installs the tarball in an
// empty folder, imports it as ESM and by require(), runs its command line, and builds the addon
// from the tarball's sources as CONTRIBUTING.md ("Other platforms") says. And what docs/testing.md has a new
// user do, what docs/labs.md has a student do, and the sentence of the README that makes a package before
// one is published, in a copy of what git would clone. Run by `npm run check -- package`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { napiInclude } from './sources.mjs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'check-package-'));
const app = join(folder, 'app');
const installed = join(app, 'node_modules', 'edgewise');
const bin = (name) => resolve('node_modules', '.bin', name);
const sum = { passed: 0, failed: 0 };

function run(command, args, options = {}) {
  const { EDGEWISE_ADDON: _, ...env } = process.env;
  const result = spawnSync(command, args, { cwd: app, encoding: 'utf8', env, ...options });
  if (result.status === 0) return result.stdout;
  throw new Error(`${command} ${args.join(' ')} failed\n${result.stdout}${result.stderr}`);
}

async function check(title, body) {
  try {
    await body();
    console.log(`ok      ${title}`);
    sum.passed += 1;
  } catch (error) {
    console.log(`FAILED  ${title}\n${error.stack}`);
    sum.failed += 1;
  }
}

function expect(isTrue, message) {
  if (!isTrue) throw new Error(message);
}

/** Packs what is in a folder with a command, and unpacks that beside it. */
function pack(cwd, command, name) {
  const unpacked = join(folder, name);
  run('bash', ['-c', command], { cwd });
  const made = join(cwd, `${manifest.name}-${manifest.version}.tgz`);
  const tarball = join(folder, `${name}.tgz`);
  cpSync(made, tarball);
  rmSync(made);
  mkdirSync(unpacked);
  run('tar', ['-xzf', tarball, '--strip-components=1'], { cwd: unpacked });
  const paths = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)));
  return { tarball, unpacked, paths };
}

/** A clone with what is not committed yet, and the libraries that are installed here. */
function clone() {
  const files = run('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: '.' });
  const copy = join(folder, 'clone');
  for (const path of files.split('\0')) {
    if (path !== '' && existsSync(path)) cpSync(path, join(copy, path));
  }
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  return copy;
}

function checkReadme() {
  const [, command] = /`([^`]*\bnpm pack\b[^`]*)`/.exec(readFileSync('README.md', 'utf8')) ?? [];
  expect(command !== undefined, 'the README has no command with npm pack');
  const { tarball, paths } = pack(clone(), command, 'readme');
  checkPaths(paths);
  const user = join(folder, 'user');
  install(tarball, user);
  run(process.execPath, ['esm.mjs'], { cwd: user });
}

function checkPaths(paths) {
  const wanted = [
    'package.json',
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'LICENSE',
    'SECURITY.md',
    'CMakeLists.txt',
    'native/core/poller.h',
    'native/addon/addon.cc',
    ...Object.values(manifest.exports).flatMap((entry) =>
      Object.values(typeof entry === 'string' ? [entry] : entry).map((path) => path.slice(2)),
    ),
    manifest.bin.edgewise,
    'dist/view/page.html',
  ];
  const missing = wanted.filter((path) => !paths.includes(path));
  expect(missing.length === 0, `missing: ${missing.join(', ')}`);
  expect(
    paths.some((path) => /^prebuilds\/[a-z0-9-]+\/edgewise\.node$/.test(path)),
    'no prebuild',
  );
  const roots = /^(dist|prebuilds|native\/(core|addon)|bench\/(load|peers)|docs)\/|^[A-Z]+\.md$/;
  const known = ['package.json', 'LICENSE', 'CMakeLists.txt'];
  const strange = paths.filter((path) => !roots.test(path) && !known.includes(path));
  expect(strange.length === 0, `not expected in the tarball: ${strange.join(', ')}`);
  const unwanted = paths.filter((path) => /\.test\.|binding\.gyp|\.tsbuildinfo$/.test(path));
  expect(unwanted.length === 0, `must not be in the tarball: ${unwanted.join(', ')}`);
}

// The names are checked in a program of the user's: a Poller waits, a syscall answers.
const PROGRAM = `
  const poller = new edgewise.Poller();
  if (poller.wait(0) !== 0) throw new Error('wait');
  poller.close();
  const fds = new Int32Array(2);
  if (typeof sys.socket !== 'function' || typeof sys.close !== 'function') throw new Error('sys');
  if ('default' in edgewise || edgewise.Reactor === undefined) throw new Error('exports');
  console.log('works');
`;

function install(tarball, to) {
  mkdirSync(to);
  writeFileSync(join(to, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: to });
  const esm = "import * as edgewise from 'edgewise';\nimport * as sys from 'edgewise/sys';\n";
  const cjs = "const edgewise = require('edgewise');\nconst sys = require('edgewise/sys');\n";
  writeFileSync(join(to, 'esm.mjs'), esm + PROGRAM);
  writeFileSync(join(to, 'cjs.cjs'), cjs + PROGRAM);
}

/** Peers that are optional, and of which an entry point has types. */
const TYPED_PEERS = ['fast-check'];

/** Every entry point, with the declarations of libraries checked, as tsc does by itself. */
function compileTypes() {
  for (const name of TYPED_PEERS) {
    symlinkSync(resolve('node_modules', name), join(app, 'node_modules', name));
  }
  const entries = Object.entries(manifest.exports).filter(([, entry]) => entry.types !== undefined);
  const imports = entries.map(
    ([path], index) => `import * as e${index} from 'edgewise${path.slice(1)}';`,
  );
  const used = entries.map((_, index) => `e${index}`).join(', ');
  writeFileSync(join(app, 'types.mts'), `${imports.join('\n')}\nexport const all = [${used}];\n`);
  const common = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022'];
  const types = ['--types', 'node', '--typeRoots', resolve('node_modules', '@types')];
  for (const resolution of ['node16', 'bundler']) {
    const module = resolution === 'bundler' ? 'esnext' : resolution;
    const how = ['--module', module, '--moduleResolution', resolution, '--skipLibCheck', 'false'];
    run(bin('tsc'), [...common, ...types, ...how, 'types.mts']);
  }
}

async function echoOnce() {
  const args = [join(installed, manifest.bin.edgewise), 'echo', '--port', '0'];
  const server = spawn(process.execPath, args, { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
    const port = Number(/listening on .*:(\d+)/.exec(line)?.[1]);
    const socket = connect(port, '127.0.0.1');
    socket.write('hello');
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer) === 'hello', `the echo of hello is ${answer}`);
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

function buildFromTarball() {
  rmSync(join(installed, 'prebuilds'), { recursive: true });
  const include = resolve(dirname(process.execPath), '..', 'include', 'node');
  const configure = ['-S', '.', '-B', 'build', '-DCMAKE_BUILD_TYPE=Release'];
  configure.push(`-DEDGEWISE_NODE_INCLUDE=${include}`);
  const { stderr } = spawnSync('cmake', configure, { cwd: installed, encoding: 'utf8' });
  expect(
    stderr.split('CMake Error').length === 2 && /-DEDGEWISE_NODE_ADDON_API=/.test(stderr),
    `not one error that says what is missing: ${stderr}`,
  );
  run('cmake', [...configure, `-DEDGEWISE_NODE_ADDON_API=${napiInclude()}`], { cwd: installed });
  run('cmake', ['--build', 'build', '--parallel', '2', '--target', 'edgewise'], { cwd: installed });
  const doctor = run('npx', ['--no-install', 'edgewise', 'doctor']);
  expect(/local build/.test(doctor), doctor);
}

/**
 * What docs/testing.md has a new user do, in an empty folder: the server with the mistake and its test, in vitest and
 * node:test; the failure again by what it has printed; and the server that is right.
 */
function walkTestingDocs() {
  const user = join(folder, 'tester');
  install(tarball, user);
  for (const name of ['vitest', 'typescript', '@types']) {
    mkdirSync(dirname(join(user, 'node_modules', name)), { recursive: true });
    symlinkSync(resolve('node_modules', name), join(user, 'node_modules', name));
  }
  writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(join(user, 'tsconfig.json'), JSON.stringify({ compilerOptions: USER_OPTIONS }));
  const example = (name) => readFileSync(join('examples', 'testing', name), 'utf8');
  for (const name of [
    'upper-case.ts',
    'one-chunk.ts',
    'one-chunk.test.ts',
    'half-a-line.test.ts',
  ]) {
    writeFileSync(join(user, name), example(name));
  }
  run(bin('tsc'), ['-p', '.'], { cwd: user });
  for (const runner of RUNNERS) findInUserTest(user, runner, example('one-chunk.test.ts'));
}

/** A strict tsconfig.json. */
const USER_OPTIONS = {
  target: 'es2022',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  allowImportingTsExtensions: true,
  noEmit: true,
};

/** How the docs have a test run. node:test gets it without types, which Node strips from 22.18 on. */
const RUNNERS = [
  {
    file: 'mistake.test.ts',
    of: (text) => text.replace("'node:test'", "'vitest'"),
    command: (file) => [bin('vitest'), 'run', '--testTimeout=60000', file],
  },
  {
    file: 'mistake.test.mjs',
    of: (text) => text.replace(".ts';", ".mjs';"),
    command: (file) => [process.execPath, '--test', file],
  },
];

function findInUserTest(user, { file, of, command }, text) {
  const [program, ...args] = command(file);
  const { EDGEWISE_SIM: _, ...env } = process.env;
  const test = (more) => {
    const options = { cwd: user, encoding: 'utf8', env: { ...env, ...more, NO_COLOR: '1' } };
    const { status, stdout, stderr } = spawnSync(program, args, options);
    return { isPassed: status === 0, output: stdout + stderr };
  };
  const withServer = (name) => {
    const isPlain = file.endsWith('.mjs');
    const changed = of(text.replace('./one-chunk', `./${name}`));
    writeFileSync(join(user, file), changed);
    if (isPlain) stripTypes(user, name);
  };
  withServer('one-chunk');
  const found = test({});
  expect(!found.isPassed, `${file}: the mistake is not found\n${found.output}`);
  const [, replay] = /EDGEWISE_SIM='([-\d.]+)'/.exec(found.output) ?? [];
  expect(replay !== undefined, `${file}: it does not say how to have it again\n${found.output}`);
  const again = test({ EDGEWISE_SIM: replay });
  const isSame =
    !again.isPassed && /'H' !== 'HELLO'|expected 'H' to|Expected.*HELLO/s.test(again.output);
  expect(isSame, `${file}: another failure\n${again.output}`);
  // The trace of a failing run, for `edgewise view`, is looked at here.
  withServer('upper-case');
  const right = test({});
  expect(right.isPassed, `${file}: the right server fails\n${right.output}`);
  const rightAgain = test({ EDGEWISE_SIM: replay });
  expect(rightAgain.isPassed, `${file}: the right server fails again\n${rightAgain.output}`);
}

function stripTypes(user, name) {
  const options = ['--module', 'nodenext', '--target', 'es2022', '--noCheck', '--outDir', 'plain'];
  run(bin('tsc'), ['--ignoreConfig', ...options, `${name}.ts`], { cwd: user });
  cpSync(join(user, 'plain', `${name}.js`), join(user, `${name}.mjs`));
}

/** The labs as a student has them: installed beside the package, begun, graded, and solved. */
function walkLabs() {
  const packed = JSON.parse(
    run('npm', ['pack', '--json', '--workspace=labs', `--pack-destination=${folder}`], {
      cwd: '.',
    }),
  );
  const [{ filename }] = Object.values(packed);
  const student = join(folder, 'student');
  mkdirSync(student);
  writeFileSync(join(student, 'package.json'), '{ "private": true }');
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '-D'];
  run('npm', [...install, tarball, join(folder, filename)], { cwd: student });
  const hasTypes = process.features.typescript === 'strip';
  for (const lab of readdirSync('labs').filter((name) => /^\d\d-/.test(name))) {
    const number = String(Number.parseInt(lab, 10));
    const edgewise = (...args) => {
      const words = ['--no-install', 'edgewise', 'lab', ...args];
      return spawnSync('npx', words, { cwd: student, encoding: 'utf8' });
    };
    const begun = edgewise('start', number, ...(hasTypes ? [] : ['--js']));
    expect(begun.status === 0, begun.stderr);
    const checks = edgewise('check', number, '--quick', '--format', 'json');
    expect(checks.status === 1, `lab ${number} ends with ${checks.status}: ${checks.stderr}`);
    const { score } = JSON.parse(checks.stdout);
    expect(score === 0, `the starter of lab ${number} has ${score} points`);
    expect(existsSync(join(student, lab, 'README.md')), `lab ${number} has no sheet`);
  }
}

const { tarball, unpacked, paths } = pack('.', 'npm pack', 'package');
await check(`the tarball holds what it should (${paths.length} files)`, () => checkPaths(paths));
await check('publint', () => run(bin('publint'), ['run', unpacked, '--strict'], { cwd: unpacked }));
await check('are the types wrong?', () =>
  run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'], {
    cwd: folder,
  }),
);
await check('installs offline, without a script', () => install(tarball, app));
await check('import', () => run(process.execPath, ['esm.mjs']));
await check('require', () => run(process.execPath, ['--no-warnings', 'cjs.cjs']));
await check('the types compile, declarations included', compileTypes);
await check('the tests of docs/testing.md find the mistake, and find it again', walkTestingDocs);
await check('what docs/labs.md has a student do, with every lab', walkLabs);
await check('npx edgewise doctor', () => {
  const doctor = run('npx', ['--no-install', 'edgewise', 'doctor']);
  expect(/prebuild/.test(doctor), doctor);
});
await check('edgewise echo', echoOnce);
await check('the addon builds from the sources in the tarball', buildFromTarball);
await check('what the README has a clone do makes a package that works', checkReadme);
rmSync(folder, { recursive: true });
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 ? 0 : 1);
