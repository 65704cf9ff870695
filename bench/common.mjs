// What the scripts beside the suite have in common: commands of servers, their start, and a table.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatSpread, ratioOf, spreadOf } from '../dist/cli/statistics.js';
import { formatTable } from '../dist/cli/table.js';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

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
