// What a request costs a node:http server in CPU: over node:net, and over streams of edgewise, in
// alternating rounds (common.mjs). The load is wrk, with keep-alive.
//
//   npm run build && npm run bench:http [-- --rounds 5 --seconds 2 --connections 64]
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { alternate, costTable, nodePeer } from './common.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '64' },
  },
});
const { seconds, connections } = values;

function load({ port }) {
  const args = ['-t', '1', '-c', connections, '-d', `${seconds}s`, `http://127.0.0.1:${port}/`];
  const output = execFileSync('wrk', args, { encoding: 'utf8' });
  const errors = /Socket errors.*|Non-2xx.*/.exec(output);
  if (errors !== null) throw new Error(errors[0]);
  return Number(/(\d+) requests in/.exec(output)[1]);
}

const servers = {
  edgewise: nodePeer('http-hello', '--over', 'edgewise'),
  node: nodePeer('http-hello', '--over', 'node'),
};
const costs = await alternate(servers, { rounds: Number(values.rounds), load });
console.log(`${connections} connections, ${values.rounds} rounds of ${seconds} s\n`);
console.log(costTable(costs, { unit: 'CPU us/request', bases: ['node'] }));
