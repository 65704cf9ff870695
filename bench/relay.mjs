// What passing a gigabyte on costs a relay in CPU: edgewise, plain C on splice(2), and node:net with
// `pipe`, in alternating rounds. A source and a sink in C stand at the ends. Linux.
//
//   npm run bench:relay -- [--rounds 5] [--megabytes 1024]
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { Children } from '../dist/cli/children.js';
import { alternate, compilePeer, costTable, edgewise, nodePeer, startServer } from './common.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '1024' },
  },
});
const rounds = Number(values.rounds);
const bytes = Number(values.megabytes) * 1e6;

const program = compilePeer('relay_load');
const children = new Children();
const sink = await startServer(children, 'sink', [program, 'sink']);
const toSink = ['--port', '0', '--target', `127.0.0.1:${sink.port}`];

const commands = {
  'C splice': [compilePeer('splice_relay'), `${sink.port}`],
  'edgewise, level': edgewise('relay', ...toSink),
  'edgewise, edge': edgewise('relay', ...toSink, '--trigger', 'edge'),
  'edgewise, copy': edgewise('relay', ...toSink, '--copy'),
  'node:net pipe': nodePeer('node-net-relay', `${sink.port}`),
};

/** Sends all of it through a relay, and gives milliseconds per GB as the unit. */
async function load({ port }) {
  await promisify(execFile)(program, ['source', `${port}`, `${bytes}`]); // fails when bytes do
  return (bytes / 1e9) * 1000;
}

try {
  const costs = await alternate(commands, { rounds, load });
  console.log(`${values.megabytes} MB in one direction, ${rounds} rounds`);
  console.log(costTable(costs, { unit: 'ms/GB', bases: ['C splice', 'node:net pipe'], digits: 0 }));
} finally {
  await children[Symbol.asyncDispose]();
}
