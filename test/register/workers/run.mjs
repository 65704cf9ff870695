// Runs one program of this folder, and prints what came of it as JSON: its result, how many connections of
// edgewise there were, and how many sockets of Node's own. `node [--import edgewise/net/register] run.mjs NAME
// [ARGUMENT]...`; the process has to end by itself.
import { subscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

const [name, ...args] = process.argv.slice(2);
const counts = { ours: 0, nodes: 0 };
subscribe('edgewise:connection:open', () => {
  counts.ours++;
});
for (const channel of ['net.client.socket', 'net.server.socket']) {
  subscribe(channel, ({ socket }) => {
    if (socket instanceof Socket) counts.nodes++; // ours are none of these
  });
}

const { run } = await import(`./${name}.mjs`);
const result = await run(...args);
process.once('exit', () => {
  process.stdout.write(`${JSON.stringify({ result, ...counts })}\n`);
});
