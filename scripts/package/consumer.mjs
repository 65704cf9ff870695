// The package as its users have it: installed by each package manager, imported by each runtime, and
// compiled against by a strict project.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fetchPackage } from '../fetch.mjs';
import { bin, environment, execute, expect, folder, run } from './steps.mjs';

// A Poller waits, a syscall is there: what loads has an addon that works.
const PROGRAM = `
  const poller = new edgewise.Poller();
  if (poller.wait(0) !== 0) throw new Error('wait');
  poller.close();
  if (typeof sys.socket !== 'function' || typeof sys.close !== 'function') throw new Error('sys');
  if ('default' in edgewise || edgewise.Reactor === undefined) throw new Error('exports');
  console.log('works');
`;

/** A program of node:http that knows nothing of this package: it is for `edgewise/net/register`. */
const UNCHANGED = `
  import http from 'node:http';
  const server = http.createServer((request, response) => response.end('works'));
  server.listen(0, '127.0.0.1', () => {
    http.get({ port: server.address().port, host: '127.0.0.1', agent: false }, (response) => {
      response.setEncoding('utf8').on('data', console.log).on('end', () => server.close());
    });
  });
`;

/** An empty folder with one program as ESM and one as CommonJS. */
export function makeUser(name) {
  const user = join(folder, name);
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{ "private": true }');
  const esm = "import * as edgewise from 'edgewise';\nimport * as sys from 'edgewise/sys';\n";
  const cjs = "const edgewise = require('edgewise');\nconst sys = require('edgewise/sys');\n";
  writeFileSync(join(user, 'esm.mjs'), esm + PROGRAM);
  writeFileSync(join(user, 'cjs.cjs'), cjs + PROGRAM);
  return user;
}

/** Peers that are optional, and that an entry point imports. */
const PEERS = ['fast-check'];

/** Adds the peers that some entry points need to a folder where the package is installed. */
export function linkPeers(user) {
  for (const name of PEERS) {
    symlinkSync(resolve('node_modules', name), join(user, 'node_modules', name));
  }
}

/** Installs the tarball in a new folder with npm, without scripts and without a network. */
export async function install(tarball, name) {
  const user = makeUser(name);
  const options = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...options, tarball], { cwd: user });
  return user;
}

async function importBoth(cwd, command = [process.execPath], files = ['esm.mjs', 'cjs.cjs']) {
  const [program, ...args] = command;
  for (const file of files) {
    const output = await run(program, [...args, file], { cwd });
    expect(output.trim() === 'works', `${file}: ${output}`);
  }
}

/** A short one: that it measures, not what. */
async function runDemo(cwd, command) {
  const [program, ...args] = command;
  const short = ['demo', '--connections', '4', '--rounds', '1', '--seconds', '0.2', '--json'];
  const output = await run(program, [...args, ...short], { cwd });
  expect(/edgewise/.test(output), output);
}

/** Folders in which each manager installs, imports, and starts the command line. */
export const managers = {
  async npm(tarball) {
    const user = await install(tarball, 'npm');
    await importBoth(user);
    await runDemo(user, ['npx', '--no-install', 'edgewise']);
  },

  async pnpm(tarball) {
    const user = makeUser('pnpm');
    const pnpm = [process.execPath, join(fetchPackage('pnpm@10'), 'bin', 'pnpm.cjs')];
    const store = `--store-dir=${join(folder, 'pnpm-store')}`;
    const options = [store, '--offline', '--ignore-scripts'];
    await run(pnpm[0], [pnpm[1], 'add', ...options, tarball], { cwd: user });
    await importBoth(user);
    await runDemo(user, [...pnpm, 'exec', 'edgewise']);
  },

  yarn: (tarball) => installWithYarn(tarball, 'node-modules'),
  'yarn, Plug and Play': (tarball) => installWithYarn(tarball, 'pnp'),
};

async function installWithYarn(tarball, nodeLinker) {
  const user = makeUser(`yarn-${nodeLinker}`);
  const yarn = join(fetchPackage('@yarnpkg/cli-dist@4'), 'bin', 'yarn.js');
  const settings = {
    nodeLinker,
    cacheFolder: './cache',
    enableGlobalCache: false,
    enableNetwork: false,
    enableScripts: false,
    enableTelemetry: false,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(user, '.yarnrc.yml'), lines.join(''));
  writeFileSync(join(user, 'yarn.lock'), '');
  cpSync(tarball, join(user, basename(tarball)));
  await run(process.execPath, [yarn, 'add', `edgewise@./${basename(tarball)}`], { cwd: user });
  await importBoth(user, [process.execPath, yarn, 'node']);
  if (nodeLinker === 'node-modules') return runDemo(user, [process.execPath, yarn, 'edgewise']);
  // Its loader takes seconds of CPU for each program, and the demo has a time limit for each of its own.
  const doctor = await run(process.execPath, [yarn, 'edgewise', 'doctor'], { cwd: user });
  expect(/^addon +prebuild, .*unplugged/m.test(doctor), doctor);
}

/** Programs that import every entry point of the package, and one that is not changed at all. */
function writeEntries(user, exports) {
  const names = Object.entries(exports)
    .filter(([, entry]) => entry.types !== undefined)
    .map(([path]) => `edgewise${path.slice(1)}`);
  const body = `
    for (const [index, entry] of entries.entries()) {
      if (Object.keys(entry).length === 0) throw new Error('entry ' + index + ' is empty');
    }
    if (entries[${names.indexOf('edgewise/net/register')}].registered() === undefined) {
      throw new Error('not registered');
    }
    console.log('works');
  `;
  const imports = names.map((name, index) => `import * as e${index} from '${name}';\n`).join('');
  const all = names.map((_, index) => `e${index}`).join(', ');
  writeFileSync(join(user, 'entries.mjs'), `${imports}const entries = [${all}];${body}`);
  const required = names.map((name) => `require('${name}')`).join(', ');
  writeFileSync(join(user, 'entries.cjs'), `const entries = [${required}];${body}`);
  writeFileSync(join(user, 'unchanged.mjs'), UNCHANGED);
}

/** `node --import edgewise/net/register`: both ends of one connection are ours. */
async function runRegistered(cwd, [program, ...args]) {
  const words = [...args, '--import', 'edgewise/net/register', 'unchanged.mjs'];
  const env = environment({ EDGEWISE_REGISTER: 'verbose' });
  const { stdout, stderr } = await execute(program, words, { cwd, env });
  expect(stdout.trim() === 'works' && stderr.includes(' 2 connections opened'), stdout + stderr);
}

/**
 * The other Nodes that we support, and Bun and Deno: where the folder `user` was imported, with every
 * entry point. On Node also under a program that is not changed.
 */
export async function importEverywhere(user, exports) {
  writeEntries(user, exports);
  const system = `${process.platform}-${process.arch}`;
  const [own] = process.versions.node.split('.');
  const nodes = ['20', '22', '24', '26'].map((major) => ({
    title: `Node ${major}`,
    command:
      major === own
        ? [process.execPath]
        : [join(fetchPackage(`node-${system}@${major}`), 'bin', 'node')],
  }));
  const libc = process.platform === 'linux' ? '-glibc' : '';
  const deno = join(fetchPackage(`@deno/${system}${libc}`), 'deno');
  const bun = join(fetchPackage(`@oven/bun-${system.replace('arm64', 'aarch64')}@1`), 'bin', 'bun');
  const runtimes = [
    ...nodes,
    { title: 'Deno', command: [deno, 'run', '-A'] },
    { title: 'Bun', command: [bun] },
  ];
  for (const { title, command } of runtimes) {
    const files = ['esm.mjs', 'cjs.cjs', 'entries.mjs', 'entries.cjs'];
    try {
      await importBoth(user, command, files);
      if (title.startsWith('Node')) await runRegistered(user, command);
    } catch (error) {
      throw new Error(`${title}: ${error.message}`, { cause: error });
    }
  }
  return runtimes.map(({ title }) => title).join(', ');
}

/** Programs of the documentation, compiled as a user's. */
const EXAMPLES = ['echo.ts', 'echo/promises.ts', 'testing/upper-case.ts'];
const MODULES = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' };
const STRICT = [
  '--noEmit',
  '--strict',
  '--exactOptionalPropertyTypes',
  '--noUncheckedIndexedAccess',
  '--isolatedModules',
  '--skipLibCheck',
  'false',
  '--target',
  'es2022',
];

/** Every entry point, and programs that use them, with the declarations of libraries checked. */
export async function compileTypes(user, exports) {
  const entries = Object.entries(exports).filter(([, entry]) => entry.types !== undefined);
  const imports = entries.map(
    ([path], index) => `import * as e${index} from 'edgewise${path.slice(1)}';`,
  );
  const used = entries.map((_, index) => `e${index}`).join(', ');
  writeFileSync(join(user, 'types.mts'), `${imports.join('\n')}\nexport const all = [${used}];\n`);
  const programs = EXAMPLES.map((name) => name.replace(/\.ts$/, '.mts'));
  for (const [index, name] of EXAMPLES.entries()) {
    const to = join(user, programs[index]);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, readFileSync(join('examples', name)));
  }
  const types = ['--types', 'node', '--typeRoots', resolve('node_modules', '@types')];
  for (const [resolution, module] of Object.entries(MODULES)) {
    const how = ['--ignoreConfig', '--module', module, '--moduleResolution', resolution];
    await run(bin('tsc'), [...STRICT, ...types, ...how, 'types.mts', ...programs], { cwd: user });
  }
  return `${entries.length} entry points, ${Object.keys(MODULES).join(', ')}`;
}
