// What several reactors cost and how evenly they are used: `edgewise echo` on one reactor, and on
// sub-reactors by each strategy, in alternating rounds; server and load share all CPUs. Then the
// tables of accepted connections and bytes that the servers print when they end.
//
//   npm run build && npm run bench:multi [-- --reactors 2 --connections 64 --rounds 5 --seconds 2]
import { parseArgs } from 'node:util';
import { Children } from '../dist/cli/children.js';
import { findProgram, runLoad } from '../dist/cli/load.js';
import { startServer } from '../dist/cli/measure.js';
import { addonPath } from '../dist/native.js';
import { costTable, edgewise } from './common.mjs';

const STRATEGIES = ['acceptor', 'reusePort', 'exclusive'];

const { values } = parseArgs({
  options: {
    reactors: { type: 'string', default: '2' },
    connections: { type: 'string', default: '64' },
    size: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    warmup: { type: 'string', default: '0.5' },
  },
});
const number = (name) => Number(values[name]);

const echo = (...more) => edgewise('echo', '--port', '0', '--api', 'handlers', ...more);
const commands = {
  'one reactor': echo(),
  ...Object.fromEntries(
    STRATEGIES.map((strategy) => [
      strategy,
      echo('--reactors', values.reactors, '--strategy', strategy),
    ]),
  ),
};

const children = new Children();
const servers = [];
const program = findProgram('edgewise-load', addonPath);

// CPU of the whole process, all its threads, in microseconds per message of the window.
async function load(server) {
  const report = await runLoad(children, program, {
    host: server.host,
    port: server.port,
    connections: number('connections'),
    size: number('size'),
    seconds: number('seconds'),
    warmupSeconds: number('warmup'),
    serverPid: server.child.pid,
  });
  return report.server.cpuNs / 1000 / report.messages;
}

try {
  for (const [name, [command, ...args]] of Object.entries(commands)) {
    servers.push(await startServer(children, { name, command, args }));
  }
  const costs = Object.fromEntries(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < number('rounds'); round++) {
    for (let i = 0; i < servers.length; i++) {
      const server = servers[(round + i) % servers.length];
      costs[server.name].push(await load(server));
    }
  }
  console.log(
    `${values.reactors} reactors, ${values.connections} connections, ${values.size} bytes, ` +
      `${values.rounds} rounds of ${values.seconds} s\n`,
  );
  console.log(costTable(costs, { unit: 'CPU us/message', bases: ['one reactor'] }));
  for (const { name, child } of servers) {
    await child.stop();
    const table = child.output.stdout.split('\n').slice(1).join('\n');
    if (table.trim() !== '') console.log(`\n${name}\n\n${table.trimEnd()}`);
  }
} finally {
  await children[Symbol.asyncDispose]();
}
