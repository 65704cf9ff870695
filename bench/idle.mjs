// Resident memory per idle connection: `edgewise echo --api handlers` next to the same server on
// node:net, each in a fresh process for each run; the clients are another process (edgewise-load).
// What the kernel keeps for a socket is not resident memory of the process, and not in the figures.
//
//   npm run bench:idle -- [--connections 10000] [--runs 5] [--fresh]
//
// One run: some load, so that code is compiled and its memory touched; garbage is collected, and
// the resident memory taken; all connections open and each exchanges one message; garbage is
// collected, and the resident memory taken again; each exchanges another one, so none was lost.
// With --fresh there is no load before: what the server's code takes is in the figures as well.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { edgewiseContender, nodeNetContender } from '../dist/cli/contenders.js';
import { findProgram } from '../dist/cli/load.js';
import { formatSpread, spreadOf } from '../dist/cli/statistics.js';
import { formatTable } from '../dist/cli/table.js';
import { addonPath } from '../dist/native.js';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '5' },
    fresh: { type: 'boolean', default: false },
  },
});
const [connections, runs] = [Number(values.connections), Number(values.runs)];
const LOAD = findProgram('edgewise-load', addonPath);
const PRELOADED = [
  '--expose-gc',
  '--import',
  fileURLToPath(new URL('collect.mjs', import.meta.url)),
];
const CONTENDERS = [
  edgewiseContender('edgewise, level', 'level', 'handlers'),
  edgewiseContender('edgewise, edge', 'edge', 'handlers'),
  nodeNetContender('node:net'),
];

// Of the last: what was left behind while opening is in it, and goes when V8 finds it worth while.
const COLUMNS = ['resident', "in V8's heap", 'before collecting'];

function startLoad(port, ...args) {
  const all = ['--port', port, '--sources', '8', '--stall', '60', ...args];
  return spawn(LOAD, all, { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function finish(load) {
  const [code] = await once(load, 'close');
  if (code !== 0) throw new Error(`edgewise-load ended with ${code}`);
}

async function firstOutput(child) {
  const [text] = await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  if (Buffer.isBuffer(text)) return String(text);
  throw new Error(`${child.spawnargs[0]} ended with ${text}`);
}

async function memoryOf(server) {
  server.send('collect');
  const [memory] = await once(server, 'message');
  return memory;
}

/** Bytes per connection, in the order of COLUMNS. */
async function run({ command, args }) {
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'];
  const server = spawn(command, [...PRELOADED, ...args], { stdio });
  try {
    const port = /:(\d+)\n/.exec(await firstOutput(server))[1];
    if (!values.fresh) await finish(startLoad(port, '--mode', 'connect', '--seconds', '1'));
    const before = await memoryOf(server);
    const load = startLoad(port, '--mode', 'hold', '--connections', String(connections));
    await firstOutput(load);
    const after = await memoryOf(server);
    load.stdin.end();
    await finish(load);
    return [
      after.collected - before.collected,
      after.heapUsed - before.heapUsed,
      after.asItIs - before.collected,
    ].map((bytes) => bytes / connections);
  } finally {
    const ended = once(server, 'close');
    server.kill();
    await ended;
  }
}

const results = CONTENDERS.map(() => []);
for (let round = 0; round < runs; round++) {
  for (const [index, contender] of CONTENDERS.entries()) {
    results[index].push(await run(contender));
  }
}
const spreads = results.map((figures) =>
  COLUMNS.map((_, column) => spreadOf(figures.map((figure) => figure[column]))),
);
const base = spreads.at(-1)[0].median;
const rows = CONTENDERS.map(({ name }, index) => [
  name,
  ...spreads[index].map((spread) => formatSpread(spread, 0)),
  (spreads[index][0].median / base).toFixed(2),
]);
console.log(
  `${connections} idle connections, bytes for each, median (min..max) of ${runs} runs; ` +
    `Node ${process.version}\n\n${formatTable([['', ...COLUMNS, 'x node:net'], ...rows])}`,
);
