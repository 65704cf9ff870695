// Loads each published binary wherever it can run on this machine, moves bytes through a reactor with
// it, and starts the load generator beside it: that of the machine on every Node that we support, in
// Deno and in Bun; on Linux x64 also those of arm64 under qemu-user, and those of musl in a Bun for
// musl (scripts/musl.mjs). Runtimes come from the npm registry. The last lines are a table of the
// files, their sizes, and where each was loaded or why not. `npm run test:long -- prebuilds`.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cacheFolder, fetchPackage, UnavailableError } from './fetch.mjs';
import { provideMusl } from './musl.mjs';
import { folderOf, hostName, TARGETS } from './prebuilds.mjs';

const NODES = ['20', '22', '24', '26'];
const QEMU = '/usr/bin/qemu-aarch64-static';
const ARM64_ROOT = '/usr/aarch64-linux-gnu';
const TIMEOUT_MS = 120_000;
const PROGRAM = `
  const { Buffer } = await import('node:buffer');
  const { Reactor, Interest } = await import(${JSON.stringify(resolve('dist/index.js'))});
  const sys = await import(${JSON.stringify(resolve('dist/sys/index.js'))});
  const fds = new Int32Array(2);
  const { AF_UNIX, SOCK_STREAM } = sys.constants;
  if (sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0) throw new Error("socketpair");
  const reactor = new Reactor();
  let text = '';
  const onReady = () => {
    const bytes = Buffer.alloc(16);
    text += bytes.toString('latin1', 0, sys.read(fds[1], bytes));
  };
  reactor.register(fds[1], Interest.Readable, { onReady });
  sys.write(fds[0], Buffer.from('edgewise'));
  reactor.turn(1000);
  const { bun, deno, node } = process.versions;
  const runtime = bun ? 'Bun ' + bun : deno ? 'Deno ' + deno : 'Node ' + node;
  console.log([process.arch, text, runtime].join(' '));
`;

const host = hostName();
const folder = mkdtempSync(join(tmpdir(), 'test-prebuilds-'));
const program = join(folder, 'program.mjs');
writeFileSync(program, PROGRAM);

/** `wrapper`: what starts a program of that system; `runtime`: of the registry, or of this machine. */
const withNode = (major, arch = process.arch) => ({
  runtime: [join(fetchPackage(`node-${process.platform}-${arch}@${major}`), 'bin', 'node')],
});
const ownMajor = process.versions.node.split('.')[0];

/** The runtimes of this machine. There is no Deno for musl, and none of the Nodes. */
function hostRuns() {
  const own = () => ({ runtime: [process.execPath] });
  if (host.endsWith('-musl') || !['linux', 'darwin'].includes(process.platform)) return [own];
  const system = `${process.platform}-${process.arch}`;
  const deno = `@deno/${system}${process.platform === 'linux' ? '-glibc' : ''}`;
  return [
    ...NODES.map((major) => (major === ownMajor ? own : () => withNode(major))),
    () => ({
      runtime: [join(fetchPackage(deno), 'deno'), 'run', '--no-config', '-A'],
      variables: { DENO_DIR: join(cacheFolder(), 'deno-dir'), DENO_NO_UPDATE_CHECK: '1' },
    }),
    () => ({
      runtime: [
        join(fetchPackage(`@oven/bun-${system.replace('arm64', 'aarch64')}@1`), 'bin', 'bun'),
      ],
    }),
  ];
}

function qemu(variables = {}) {
  if (!existsSync(QEMU) || !existsSync(ARM64_ROOT)) {
    throw new UnavailableError('qemu-user-static or libc6-arm64-cross is not installed');
  }
  // Not as those of qemu itself, which is a program of this machine.
  const words = Object.entries(variables).flatMap(([name, value]) => ['-E', `${name}=${value}`]);
  return [QEMU, ...words, '-L', ARM64_ROOT];
}

/** For each file the ways to run it here: functions that fetch what they need. */
function runsOf(name) {
  if (name === host) return hostRuns();
  if (host !== 'linux-x64') return [];
  if (name === 'linux-arm64') {
    return NODES.map((major) => () => ({ wrapper: qemu(), ...withNode(major, 'arm64') }));
  }
  if (name === 'linux-x64-musl') {
    return [
      () => {
        const { loader, variables } = provideMusl('x64');
        const bun = join(fetchPackage('@oven/bun-linux-x64-musl@1'), 'bin', 'bun');
        return { wrapper: [loader], runtime: [bun], variables, system: ', musl' };
      },
    ];
  }
  if (name === 'linux-arm64-musl') {
    return [
      () => {
        const { loader, variables } = provideMusl('arm64');
        const bun = join(fetchPackage('@oven/bun-linux-aarch64-musl@1'), 'bin', 'bun');
        return { wrapper: [...qemu(variables), loader], runtime: [bun], system: ', musl' };
      },
    ];
  }
  return [];
}

function execute([command, ...args], variables = {}) {
  const env = { ...process.env, ...variables };
  const options = { encoding: 'utf8', env, timeout: TIMEOUT_MS };
  return new Promise((settle) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      settle({
        isRight: error === null,
        output: stdout.trim(),
        text: `${error}\n${stdout}${stderr}`,
      });
    });
  });
}

/** One file in one runtime: where it was loaded, or what failed. */
async function load(name, { wrapper = [], runtime, variables, system = '' }) {
  const addon = resolve(folderOf(name), 'edgewise.node');
  const words = [...wrapper, ...runtime, program];
  const ran = await execute(words, { ...variables, EDGEWISE_ADDON: addon });
  const [, arch, title] = /^(\S+) edgewise (.+)$/.exec(ran.output) ?? [];
  if (!ran.isRight || arch !== name.split('-')[1]) return { failure: ran.text };
  const generator = [...wrapper, resolve(folderOf(name), 'edgewise-load'), '--help'];
  const { isRight, output, text } = await execute(generator, variables);
  if (!isRight || !output.startsWith('usage: edgewise-load')) return { failure: text };
  return { where: `${title}${system}${wrapper.includes(QEMU) ? ', qemu' : ''}` };
}

const sum = { passed: 0, failed: 0 };
const rows = [];

async function testOne({ name, run, where }) {
  try {
    const result = await load(name, run());
    if (result.where !== undefined) where.push(result.where);
    else console.log(`${name}: FAILED\n${result.failure}`);
    sum[result.where === undefined ? 'failed' : 'passed'] += 1;
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    console.log(`${name}: NOT RUN: ${error.message}`);
  }
}

const queue = [];
for (const name of Object.keys(TARGETS)) {
  if (!existsSync(folderOf(name))) continue;
  const where = [];
  rows.push({ name, where });
  for (const run of runsOf(name)) queue.push({ name, run, where });
}
async function work() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await testOne(next);
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
rmSync(folder, { recursive: true });

const bytesOf = (name, file) => statSync(join(folderOf(name), file)).size.toLocaleString('en');
console.log(
  '\n| prebuilds/ | edgewise.node, bytes | edgewise-load, bytes | loaded in |\n|---|---:|---:|---|',
);
for (const { name, where } of rows) {
  const places = where.sort().join('; ') || 'not run: it cannot run here';
  console.log(
    `| ${name} | ${bytesOf(name, 'edgewise.node')} | ${bytesOf(name, 'edgewise-load')} | ${places} |`,
  );
}
if (sum.passed + sum.failed === 0) {
  console.log('no prebuild ran; npm run build -- prebuilds makes them');
  sum.failed = 1;
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 ? 0 : 1);
