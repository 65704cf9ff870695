// A bulk flow of datagrams with GSO and GRO, and the same without: CPU of sender and receiver per
// megabyte, and throughput, on edgewise and in plain C, in alternating rounds (common.mjs). On
// loopback most of the receiving is done in the sender's system calls, so both sides are added up.
//
//   npm run build && npm run bench:udp-bulk [-- --rounds 5 --seconds 1 --size 1400]
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { formatSpread, ratioOf, spreadOf } from '../dist/cli/statistics.js';
import { formatTable } from '../dist/cli/table.js';
import { alternate, compilePeer, nodePeer } from './common.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    size: { type: 'string', default: '1400' },
  },
});
const [rounds, seconds, size] = ['rounds', 'seconds', 'size'].map((name) => Number(values[name]));
const c = compilePeer('udp_bulk');
const programs = {
  edgewise: (...args) => nodePeer('udp-bulk', ...args),
  C: (...args) => [c, ...args],
};
const FLOWS = {
  edgewise: ['edgewise', 'plain'],
  'edgewise, GSO and GRO': ['edgewise', 'offload'],
  C: ['C', 'plain'],
  'C, GSO and GRO': ['C', 'offload'],
};

const senders = Object.fromEntries(Object.keys(FLOWS).map((name) => [name, []]));

// Megabytes that arrived: what the receiver's CPU is divided by.
function load({ name, port }) {
  const [program, mode] = FLOWS[name];
  const [command, ...args] = programs[program]('send', `${port}`, `${seconds}`, `${size}`, mode);
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: the sender ended with ${status}: ${stderr}`);
  const [bytes, cpuUs, elapsedMs] = stdout.trim().split(' ').map(Number);
  const megabytes = bytes / 1e6;
  senders[name].push({ cpu: cpuUs / megabytes, rate: megabytes / (elapsedMs / 1000) });
  return megabytes;
}

const receivers = await alternate(
  Object.fromEntries(
    Object.entries(FLOWS).map(([name, [program, mode]]) => [
      name,
      programs[program]('receive', mode),
    ]),
  ),
  { rounds, load },
);
// The first load was the warm-up.
const cpu = (name) => receivers[name].map((cost, round) => cost + senders[name][round + 1].cpu);
const rate = (name) => senders[name].slice(1).map((sender) => sender.rate);

const rows = Object.entries(FLOWS).map(([name, [program]]) => [
  name,
  formatSpread(spreadOf(cpu(name)), 0),
  formatSpread(spreadOf(rate(name)), 0),
  formatSpread(ratioOf(cpu(name), cpu(name.replace(program, 'C'))), 2),
]);
console.log(`datagrams of ${size} bytes, ${rounds} rounds of ${seconds} s\n`);
console.log(formatTable([['', 'CPU us/MB', 'MB/s', 'CPU x C'], ...rows]));
for (const program of Object.keys(programs)) {
  const [plain, offload] = [program, `${program}, GSO and GRO`];
  const cheaper = formatSpread(ratioOf(cpu(plain), cpu(offload)), 2);
  const faster = formatSpread(ratioOf(rate(offload), rate(plain)), 2);
  console.log(`\n${program}: with GSO and GRO ${cheaper} x less CPU, ${faster} x the throughput`);
}
