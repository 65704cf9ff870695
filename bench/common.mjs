// What the benchmarks that start servers have in common: peers in C are compiled, servers started
// and ended, their CPU time read, and contenders measured in alternating rounds.
//
// CPU time is the scheduler's, in nanoseconds, user and system, of all threads that the server has
// (/proc/PID/task/*/schedstat, proc(5); Linux). Work that the kernel does for it elsewhere, such as
// in softirqs on the client's side of loopback, is nobody's here and is the same for all.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Children } from '../dist/cli/children.js';
import { formatSpread, ratioOf, spreadOf } from '../dist/cli/statistics.js';
import { formatTable } from '../dist/cli/table.js';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

let directory;

/** Compiles `bench/peers/NAME.c` and gives the program's path; it is removed at the exit. */
export function compilePeer(name) {
  if (directory === undefined) {
    directory = mkdtempSync(join(tmpdir(), 'edgewise-bench-'));
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  }
  const program = join(directory, name);
  execFileSync('cc', ['-O2', '-Wall', '-o', program, join(root, `bench/peers/${name}.c`)]);
  return program;
}

/** The command of `edgewise ...args`. */
export function edgewise(...args) {
  return [process.execPath, join(root, 'dist/cli/main.js'), ...args];
}

/** The command of `bench/peers/NAME.mjs ...args`. */
export function nodePeer(name, ...args) {
  return [process.execPath, join(root, `bench/peers/${name}.mjs`), ...args];
}

/** Starts a server, and waits until it has printed an address that ends in `:PORT`. */
export async function startServer(children, name, [command, ...args]) {
  const child = await children.start(name, command, args);
  const port = await new Promise((resolve, reject) => {
    const look = () => {
      const match = /:(\d+)\n/.exec(child.output.stdout);
      if (match !== null) resolve(Number(match[1]));
    };
    child.onOutput = look;
    child.ended.then((code) =>
      reject(new Error(`${name} ended with ${code}: ${child.output.stderr.trim()}`)),
    );
    look();
  });
  return { name, pid: child.pid, port };
}

/** Microseconds of CPU that all threads of a process have used. */
export function cpuUs(pid) {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(
      readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0],
    );
  }
  return nanoseconds / 1000;
}

/**
 * Starts all servers, warms each up, and lets them take turns.
 *
 * @param commands - `{ name: [command, ...args] }`
 * @param options - `rounds`; `load(server)`: one round's work, gives what is to be divided by.
 * @returns `{ name: [CPU microseconds per unit of each round] }`
 */
export async function alternate(commands, { rounds, load }) {
  const children = new Children();
  try {
    const servers = [];
    for (const [name, command] of Object.entries(commands)) {
      servers.push(await startServer(children, name, command));
    }
    return await measure(servers, rounds, load);
  } finally {
    await children[Symbol.asyncDispose]();
  }
}

async function measure(servers, rounds, load) {
  const costs = Object.fromEntries(servers.map(({ name }) => [name, []]));
  for (const server of servers) await load(server);
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const before = cpuUs(server.pid);
      const units = await load(server);
      costs[server.name].push((cpuUs(server.pid) - before) / units);
    }
  }
  return costs;
}

/** A table of costs, each with its ratio, round by round, to the `bases`. */
export function costTable(costs, { unit, bases, digits = 2 }) {
  const head = ['', unit, ...bases.map((base) => `x ${base}`)];
  const rows = Object.entries(costs).map(([name, values]) => [
    name,
    formatSpread(spreadOf(values), digits),
    ...bases.map((base) => formatSpread(ratioOf(values, costs[base]), 2)),
  ]);
  return formatTable([head, ...rows]);
}
