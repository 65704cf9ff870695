// Checks what would be published: packs it, asserts the list of files, installs the tarball in empty
// folders with each package manager, imports it in each runtime, compiles against it, bundles it, runs
// its command line, and builds the addon from the tarball's sources as CONTRIBUTING.md ("Other
// platforms") says. And what the pages have their readers do: docs/packaging.md, docs/testing.md,
// docs/labs.md, and the sentence of the README that makes a package before one is published, in a copy
// of what git would clone. Run by `npm run check -- package`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, relative, resolve } from 'node:path';
import { fetchPackage } from './fetch.mjs';
import { checkBundles, checkExecutable } from './package/bundles.mjs';
import {
  compileTypes,
  importEverywhere,
  install,
  linkPeers,
  managers,
} from './package/consumer.mjs';
import {
  bin,
  check,
  checkAll,
  environment,
  expect,
  finish,
  folder,
  run,
} from './package/steps.mjs';
import { walkLabs, walkTestingDocs } from './package/walks.mjs';
import { napiInclude } from './sources.mjs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** Packs what is in a folder with a command, and unpacks that beside it. */
async function pack(cwd, command, name) {
  const unpacked = join(folder, name);
  await run('bash', ['-c', command], { cwd });
  const made = join(cwd, `${manifest.name}-${manifest.version}.tgz`);
  const tarball = join(folder, `${name}.tgz`);
  cpSync(made, tarball);
  rmSync(made);
  mkdirSync(unpacked);
  await run('tar', ['-xzf', tarball, '--strip-components=1'], { cwd: unpacked });
  const paths = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)));
  return { tarball, unpacked, paths };
}

/** A clone with what is not committed yet, and the libraries that are installed here. */
async function clone() {
  const files = await run('git', ['ls-files', '-z', '-co', '--exclude-standard']);
  const copy = join(folder, 'clone');
  for (const path of files.split('\0')) {
    if (path !== '' && existsSync(path)) cpSync(path, join(copy, path));
  }
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** What the README says of a clone. */
async function checkReadme() {
  const [, command] = /`([^`]*\bnpm pack\b[^`]*)`/.exec(readFileSync('README.md', 'utf8')) ?? [];
  expect(command !== undefined, 'the README has no command with npm pack');
  const { tarball, paths } = await pack(await clone(), command, 'readme');
  checkPaths(paths);
  const user = await install(tarball, 'user');
  await run(process.execPath, ['esm.mjs'], { cwd: user });
}

/** pnpm has its own way to choose the files and to run prepack. */
async function packWithPnpm(wanted) {
  const pnpm = join(fetchPackage('pnpm@10'), 'bin', 'pnpm.cjs');
  const { paths } = await pack('.', `"${process.execPath}" "${pnpm}" pack`, 'packed-by-pnpm');
  const differ = [...paths, ...wanted].filter(
    (path) => paths.includes(path) !== wanted.includes(path),
  );
  expect(differ.length === 0, `not in both: ${differ.join(', ')}`);
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

async function echoOnce(user) {
  const installed = join(user, 'node_modules', 'edgewise');
  const args = [join(installed, manifest.bin.edgewise), 'echo', '--port', '0'];
  const stdio = ['ignore', 'pipe', 'inherit'];
  const server = spawn(process.execPath, args, { cwd: user, env: environment(), stdio });
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

async function askDoctor(user, pattern) {
  const doctor = await run('npx', ['--no-install', 'edgewise', 'doctor'], { cwd: user });
  expect(pattern.test(doctor), doctor);
}

async function buildFromTarball(tarball) {
  const user = await install(tarball, 'builder');
  const cwd = join(user, 'node_modules', 'edgewise');
  rmSync(join(cwd, 'prebuilds'), { recursive: true });
  const include = resolve(dirname(process.execPath), '..', 'include', 'node');
  const configure = ['-S', '.', '-B', 'build', '-DCMAKE_BUILD_TYPE=Release'];
  configure.push(`-DEDGEWISE_NODE_INCLUDE=${include}`);
  const { stderr } = spawnSync('cmake', configure, { cwd, encoding: 'utf8' });
  expect(
    stderr.split('CMake Error').length === 2 && /-DEDGEWISE_NODE_ADDON_API=/.test(stderr),
    `not one error that says what is missing: ${stderr}`,
  );
  await run('cmake', [...configure, `-DEDGEWISE_NODE_ADDON_API=${napiInclude()}`], { cwd });
  await run('cmake', ['--build', 'build', '--parallel', '2', '--target', 'edgewise'], { cwd });
  await askDoctor(user, /local build/);
}

const { tarball, unpacked, paths } = await pack('.', 'npm pack', 'package');
await check(`the tarball holds what it should (${paths.length} files)`, () => checkPaths(paths));
await check('publint', () =>
  run(bin('publint'), ['run', unpacked, '--strict'], { cwd: unpacked }).then(() => undefined),
);
const app = await install(tarball, 'app');
linkPeers(app);
const attw = [tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'];
await checkAll([
  ['what the README has a clone do makes a package that works', checkReadme],
  ['the addon builds from the sources in the tarball', () => buildFromTarball(tarball)],
  ['what docs/labs.md has a student do, with every lab', () => walkLabs(tarball)],
  [
    'the tests of docs/testing.md find the mistake, and find it again',
    () => walkTestingDocs(tarball),
  ],
  ['the types compile, declarations included', () => compileTypes(app, manifest.exports)],
  ['bundled by esbuild, as docs/packaging.md says', () => checkBundles(tarball, 'esbuild')],
  ['bundled by webpack, as docs/packaging.md says', () => checkBundles(tarball, 'webpack')],
  ['one executable, as docs/packaging.md says', () => checkExecutable(tarball)],
  ['are the types wrong?', () => run(bin('attw'), attw, { cwd: folder }).then(() => undefined)],
  ['import and require', () => importEverywhere(app, manifest.exports)],
  ...Object.entries(managers).map(([name, body]) => [
    `installed by ${name} offline, without scripts, and used`,
    () => body(tarball),
  ]),
  ['packed by pnpm, the same files', () => packWithPnpm(paths)],
  ['npx edgewise doctor', () => askDoctor(app, /prebuild/)],
  ['edgewise echo', () => echoOnce(app)],
]);
rmSync(folder, { recursive: true });
process.exit(finish());
