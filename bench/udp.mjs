// What the echo of one UDP datagram costs the server in CPU: edgewise, plain C on recvmmsg, and
// node:dgram, in alternating rounds. Linux: CPU time is read from /proc.
//
//   npm run build && node bench/udp.mjs [--rounds 5] [--seconds 1] [--size 64] [--window 32]
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Reactor } from '../dist/index.js';
import { bindDatagram } from '../dist/net/datagram.bind.js';
import { MessageBatch } from '../dist/sys.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    size: { type: 'string', default: '64' },
    window: { type: 'string', default: '32' },
  },
});
const [rounds, seconds, size, window] = ['rounds', 'seconds', 'size', 'window'].map((name) =>
  Number(values[name]),
);
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const directory = mkdtempSync(join(tmpdir(), 'edgewise-udp-'));
const program = join(directory, 'udp_echo');
execFileSync('cc', ['-O2', '-o', program, join(root, 'bench/peers/udp_echo.c')]);

const SERVERS = {
  'C, recvmmsg': [program],
  'edgewise, level': [process.execPath, join(root, 'dist/cli/main.js'), 'udp-echo', '--port', '0'],
  'edgewise, edge': [
    ...[process.execPath, join(root, 'dist/cli/main.js'), 'udp-echo', '--port', '0'],
    ...['--trigger', 'edge'],
  ],
  'node:dgram': [process.execPath, join(root, 'bench/peers/node-dgram-echo.mjs')],
};
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']));

/** CPU seconds of a process, all threads. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

async function start([command, ...args]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const text = await new Promise((resolve) => child.stdout.once('data', resolve));
  return { child, port: Number(/:(\d+)\n/.exec(String(text))[1]) };
}

// Keeps `window` datagrams in flight; on loopback none is lost as long as buffers have room.
function load(port, durationMs) {
  const reactor = new Reactor();
  let count = 0;
  const handlers = {
    messages(socket, batch, received) {
      count += received;
      socket.sendMany(batch, received);
    },
  };
  const socket = bindDatagram({ host: '127.0.0.1', reactor, handlers });
  socket.connect({ address: '127.0.0.1', port });
  const batch = new MessageBatch(window, size);
  batch.lengths.fill(size);
  socket.sendMany(batch, window);
  const end = performance.now() + durationMs;
  while (performance.now() < end) reactor.turn(100);
  socket.close();
  reactor.close();
  return count;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

const servers = {};
const costs = {};
for (const [name, command] of Object.entries(SERVERS)) {
  servers[name] = await start(command);
  costs[name] = [];
  load(servers[name].port, 300); // compiled, and its memory touched
}
for (let round = 0; round < rounds; round++) {
  for (const [name, { child, port }] of Object.entries(servers)) {
    const before = cpuSeconds(child.pid);
    const count = load(port, seconds * 1000);
    costs[name].push(((cpuSeconds(child.pid) - before) / count) * 1e6);
  }
}
const base = median(costs['C, recvmmsg']);
console.log(`${size} bytes, ${window} in flight, ${rounds} rounds of ${seconds} s`);
for (const [name, all] of Object.entries(costs)) {
  const cost = median(all);
  console.log(`${name.padEnd(16)} ${cost.toFixed(2)} us/datagram  ${(cost / base).toFixed(2)} x C`);
}
for (const { child } of Object.values(servers)) child.kill();
rmSync(directory, { recursive: true });
