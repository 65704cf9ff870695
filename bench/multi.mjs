// What several reactors cost and how evenly they are used: `edgewise echo` on one reactor, and on
// sub-reactors by each strategy, in alternating rounds; server and load share all CPUs. Then how
// evenly connections and bytes lay on the reactors, as the servers print it when they end.
//
//   npm run bench:multi [-- --reactors 2 --connections 64 --rounds 5 --help]
//   taskset -c 0,1 npm run bench:multi      where there are more than two CPUs
import { availableParallelism } from 'node:os';
import { optionLines, parseOptions, UsageError } from '../dist/cli/arguments.js';
import { Children } from '../dist/cli/children.js';
import { findProgram, runLoad } from '../dist/cli/load.js';
import { startServer } from '../dist/cli/measure.js';
import { formatTable } from '../dist/cli/table.js';
import { addonPath } from '../dist/native.js';
import { costTable, edgewise } from './common.mjs';

const SINGLE = 'one reactor';
const STRATEGIES = ['acceptor', 'reusePort', 'exclusive'].filter(
  (name) => process.platform === 'linux' || name !== 'exclusive',
);
const OPTIONS = {
  reactors: { value: 'N', help: 'threads that serve', default: '2' },
  connections: { value: 'N', help: 'under load', default: '64' },
  size: { value: 'BYTES', help: 'of each message', default: '64' },
  rounds: { value: 'N', help: 'each visits every server once', default: '5' },
  seconds: { value: 'S', help: 'length of a measured window', default: '2' },
  warmup: { value: 'S', help: 'load before each window', default: '0.5' },
};

function readOptions(options) {
  return {
    reactors: options.integer('reactors', 1, 64),
    connections: options.integer('connections', 1, 10_000),
    size: options.integer('size', 1, 1 << 20),
    rounds: options.integer('rounds', 1, 1000),
    seconds: options.number('seconds', 0.1, 60),
    warmupSeconds: options.number('warmup', 0, 60),
  };
}

function commandsOf(reactors) {
  const echo = (...more) => edgewise('echo', '--port', '0', '--api', 'handlers', ...more);
  const several = STRATEGIES.map((strategy) => [
    strategy,
    echo('--reactors', `${reactors}`, '--strategy', strategy),
  ]);
  return [[SINGLE, echo()], ...several];
}

// CPU of the whole process, all its threads, in microseconds per message of the window.
async function load(children, server, { rounds: _, reactors: __, ...options }) {
  const report = await runLoad(children, findProgram('edgewise-load', addonPath), {
    ...options,
    host: server.host,
    port: server.port,
    serverPid: server.child.pid,
  });
  const cpuNs = report.server?.cpuNs;
  if (cpuNs == null) throw new Error('this system does not tell the CPU time of a process');
  return cpuNs / 1000 / report.messages;
}

async function measure(children, servers, options) {
  const costs = Object.fromEntries(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (let i = 0; i < servers.length; i++) {
      const server = servers[(round + i) % servers.length];
      costs[server.name].push(await load(children, server, options));
    }
  }
  return costs;
}

// The last line of what `edgewise echo --reactors` prints: the largest share as a multiple of the mean.
function imbalanceOf({ name, child }) {
  const line = /^largest \/ mean +(\S+) +\S+ +(\S+)$/m.exec(child.output.stdout);
  return [name, line?.[1] ?? '-', line?.[2] ?? '-'];
}

async function run(options) {
  const { reactors, connections, size, rounds, seconds } = options;
  const cpus = availableParallelism();
  console.log(
    `${reactors} reactors, ${connections} connections, ${size} bytes, ${rounds} rounds of ` +
      `${seconds} s; server and load share ${cpus} CPU${cpus === 1 ? '' : 's'}\n`,
  );
  const children = new Children();
  try {
    const servers = [];
    for (const [name, [command, ...args]] of commandsOf(reactors)) {
      servers.push(await startServer(children, { name, command, args }));
    }
    const costs = await measure(children, servers, options);
    console.log(costTable(costs, { unit: 'CPU us/message', bases: [SINGLE] }));
    for (const { child } of servers) await child.stop();
    const several = servers.filter(({ name }) => name !== SINGLE);
    const head = ['imbalance', 'connections', 'bytes'];
    console.log(`\n${formatTable([head, ...several.map(imbalanceOf)])}`);
  } finally {
    await children[Symbol.asyncDispose]();
  }
  console.log(
    '\nA figure is the median of the rounds, with the least and the greatest; ratios are',
  );
  console.log('taken round by round. Imbalance is the largest share as a multiple of the mean, of');
  console.log(`all rounds together: 1.00 is even, ${reactors.toFixed(2)} is all on one reactor.`);
}

try {
  const options = parseOptions(OPTIONS, process.argv.slice(2));
  if (options.has('help')) {
    console.log(`npm run bench:multi -- [options]\n\n${optionLines(OPTIONS)}`);
  } else {
    await run(readOptions(options));
  }
} catch (error) {
  console.error(`multi: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
