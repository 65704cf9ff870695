// `edgewise demo`: the echo server of edgewise and one on node:net, side by side, and one table.
import { countOf } from '../plural.ts';
import type { Options } from './arguments.ts';
import type { Command } from './command.ts';
import { edgewiseContender, nodeNetContender } from './contenders.ts';
import {
  cpuRatio,
  findProgram,
  formatSpread,
  formatTable,
  type Measurement,
  measure,
  progressOn,
  type Spread,
  type Summary,
  summarize,
} from './measure/index.ts';

// Two contenders, five rounds, 0.4 s + 1.5 s each: 19 s and the starts of the processes.
const WARMUP_SECONDS = 0.4;

const CLOSING_LINE =
  'Look at the CPU column: it is the cost of one echo for the server, and the number to trust. ' +
  'Messages per second and latency also depend on how the load and the server share this machine.';

export const demo: Command = {
  name: 'demo',
  summary: 'the echo of edgewise and one on node:net, measured side by side',
  description:
    'Starts the echo server of edgewise and one on node:net in a process each, drives both over ' +
    'loopback in alternating rounds, and prints medians over the rounds. Under 30 seconds.',
  options: {
    connections: {
      value: 'N',
      help: 'count of connections, with one message at a time on each',
      default: '64',
    },
    size: { value: 'BYTES', help: 'bytes per message', default: '64' },
    rounds: { value: 'N', help: 'rounds per server', default: '5' },
    seconds: { value: 'S', help: 'length of one round', default: '1.5' },
    json: { help: 'print every round as JSON instead of the table' },
  },
  async run(options) {
    const shape = readShape(options);
    const { addonPath } = await import('../native.ts');
    const progress = progressOn(process.stderr);
    const measurements = await measure({
      contenders: [edgewiseContender('edgewise', 'level'), nodeNetContender('node:net')],
      loadProgram: findProgram('edgewise-load', addonPath),
      warmupSeconds: WARMUP_SECONDS,
      onProgress: (done, total, name) => progress.show(`round ${done + 1} of ${total}: ${name}`),
      ...shape,
    }).finally(progress.end);
    process.stdout.write(options.has('json') ? toJson(measurements) : toText(measurements, shape));
    return 0;
  },
};

interface Shape {
  readonly connections: number;
  readonly size: number;
  readonly rounds: number;
  readonly seconds: number;
}

function readShape(options: Options): Shape {
  return {
    connections: options.integer('connections', 1, 100_000),
    size: options.integer('size', 1, 16_777_216),
    rounds: options.integer('rounds', 1, 1_000),
    seconds: options.number('seconds', 0.1, 600),
  };
}

function toJson(measurements: readonly Measurement[]): string {
  return `${JSON.stringify({ node: process.version, measurements }, null, 2)}\n`;
}

function toText(measurements: readonly Measurement[], shape: Shape): string {
  const [ours, nodeNet] = measurements as [Measurement, Measurement];
  const [our, their] = [summarize(ours), summarize(nodeNet)];
  const ratio = cpuRatio(ours, nodeNet);
  const header = ['', 'msg/s', 'CPU µs/msg', 'p50 µs', 'p99 µs', 'p99.9 µs', 'RSS MB'];
  const title =
    `Echo over loopback, Node ${process.version}: ${countOf(shape.connections, 'connection')}, ` +
    `${countOf(shape.size, 'byte')}, median of ${countOf(shape.rounds, 'round')} of ${shape.seconds} s`;
  const table = formatTable([header, row(our), row(their), ratioRow(our, their, ratio)]);
  const spread = ratio === null ? '' : `CPU ratio round by round: ${formatSpread(ratio, 2)}\n`;
  return `${title}\n\n${table}\n\n${spread}${CLOSING_LINE}\n`;
}

// One figure per column, null where this system has none.
function figures(summary: Summary): (number | null)[] {
  const { p50, p99, p999 } = summary.latencyUs;
  const spreads: (Spread | null)[] = [summary.cpuUsPerMessage, p50, p99, p999, summary.rssBytes];
  return [summary.messagesPerSecond, ...spreads].map((spread) => spread?.median ?? null);
}

function row(summary: Summary): string[] {
  const digits = [0, 2, 0, 0, 0, 1];
  const units = [1, 1, 1, 1, 1, 1e6];
  const cells = figures(summary).map((figure, column) =>
    figure === null ? '-' : (figure / (units[column] ?? 1)).toFixed(digits[column]),
  );
  return [summary.name, ...cells];
}

// The CPU's ratio is the median of the rounds' ratios, the others are ratios of medians.
function ratioRow(our: Summary, their: Summary, cpu: Spread | null): string[] {
  const theirs = figures(their);
  const cells = figures(our).map((figure, column) => {
    const other = theirs[column] ?? null;
    const ratio = column === 1 ? cpu?.median : figure !== null && other !== null && figure / other;
    return typeof ratio === 'number' ? ratio.toFixed(2) : '-';
  });
  return [`${our.name} / ${their.name}`, ...cells];
}
