// What a gigabyte of a file costs the server that sends it, in CPU: edgewise's sendFile, plain C on
// sendfile, and a pipe of fs.createReadStream to a socket of node:net, in alternating rounds
// (common.mjs). The file is in the page cache; the client drops what it gets.
//
//   npm run build && npm run bench:file [-- --rounds 5 --megabytes 256 --times 4]
import { execFile } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { alternate, compilePeer, costTable, nodePeer, root } from './common.mjs';

const MIB = 1024 * 1024;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '256' },
    times: { type: 'string', default: '4' },
  },
});
const [rounds, megabytes, times] = ['rounds', 'megabytes', 'times'].map((name) =>
  Number(values[name]),
);

const directory = mkdtempSync(join(tmpdir(), 'edgewise-file-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
const path = join(directory, 'file');
const file = openSync(path, 'w');
for (let i = 0; i < megabytes; i++) writeSync(file, Buffer.alloc(MIB, i));
readFileSync(path); // into the page cache

const client = compilePeer('drain');
const run = promisify(execFile);

// Every byte of every transfer must have come.
async function load({ name, port }) {
  const { stdout } = await run(client, [String(port), String(times)]);
  const expected = megabytes * MIB * times;
  if (Number(stdout) !== expected) throw new Error(`${name} sent ${stdout.trim()} of ${expected}`);
  return expected / 1e9;
}

const ours = (trigger) => [process.execPath, join(root, 'bench/file-server.mjs'), path, trigger];
const servers = {
  C: [compilePeer('sendfile_server'), path],
  'edgewise, level': ours('level'),
  'edgewise, edge': ours('edge'),
  node: nodePeer('node-net-file', path),
};
const costs = await alternate(servers, { rounds, load });
console.log(`${times} x ${megabytes} MiB, one after the other, ${rounds} rounds\n`);
console.log(costTable(costs, { unit: 'CPU us/GB', bases: ['C', 'node'], digits: 0 }));
