// Server CPU per echoed message: our reactor next to plain C and to node:net, by the method of
// `edgewise demo` (src/cli/measure.ts). With `--mode connect` every message has a connection of its
// own: connect, one message, its echo, and an orderly close by the client.
//
//   npm run bench:echo -- [--connections 64,1000] [--contenders c,node,...] [--json FILE] [--help]
//   npm run bench:connect -- [...]
import { writeFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { optionLines, parseOptions, UsageError } from '../dist/cli/arguments.js';
import { edgewiseContender, nodeNetContender } from '../dist/cli/contenders.js';
import { findProgram } from '../dist/cli/load.js';
import { cpuRatio, measure, separateCpus, summarize } from '../dist/cli/measure.js';
import { progressOn } from '../dist/cli/progress.js';
import { formatSpread } from '../dist/cli/statistics.js';
import { formatTable } from '../dist/cli/table.js';
import { addonPath } from '../dist/native.js';

const cPeer = (name, trigger) => ({
  name,
  command: findProgram('peer-epoll-echo', addonPath),
  args: ['--trigger', trigger],
});

// The programs of docs/echo.md, as they stand there.
const EXAMPLES = ['echo/sys', 'echo/poller', 'echo', 'echo/handlers', 'echo/promises', 'echo/net'];
const exampleName = (file) => (file === 'echo' ? 'example-reactor' : `example-${basename(file)}`);
const exampleOf = (file) => (name) => ({
  name,
  command: process.execPath,
  args: [fileURLToPath(new URL('../scripts/example.mjs', import.meta.url)), file, '0'],
});

const CONTENDERS = {
  'edgewise-level': (name) => edgewiseContender(name, 'level'),
  'edgewise-edge': (name) => edgewiseContender(name, 'edge'),
  'edgewise-handlers': (name) => edgewiseContender(name, 'level', 'handlers'),
  'edgewise-proactor': (name) => edgewiseContender(name, 'level', 'proactor'),
  'edgewise-promises': (name) => edgewiseContender(name, 'level', 'promises'),
  'edgewise-stream': (name) => edgewiseContender(name, 'level', 'stream'),
  'edgewise-net': (name) => edgewiseContender(name, 'level', 'net'),
  ...Object.fromEntries(EXAMPLES.map((file) => [exampleName(file), exampleOf(file)])),
  c: (name) => cPeer(name, 'level'),
  'c-edge': (name) => cPeer(name, 'edge'),
  node: (name) => nodeNetContender(name),
};

// A connection that the client has closed keeps its port for a while (TIME_WAIT: a second on
// loopback where net.ipv4.tcp_tw_reuse is 2, else a minute): so many addresses have enough of them.
const TITLES = { echo: 'Echo', connect: 'Connect, echo and close' };
const SOURCES_OF_CONNECT = 64;

const OPTIONS = {
  mode: { value: 'echo|connect', help: 'connect: a connection per message', default: 'echo' },
  connections: { value: 'N,...', help: 'one run for each', default: '64,1000' },
  size: { value: 'BYTES', help: 'bytes per message', default: '64' },
  rounds: { value: 'N', help: 'alternating rounds', default: '5' },
  seconds: { value: 'S', help: 'length of one round', default: '2' },
  warmup: { value: 'S', help: 'load before each round', default: '0.5' },
  contenders: {
    value: 'NAME,...',
    help: `of ${Object.keys(CONTENDERS).join(', ')}`,
    default: 'edgewise-level,edgewise-edge,c,node',
  },
  json: { value: 'FILE', help: 'write every round there' },
};

// Other defaults of --mode connect.
const CONNECT_OPTIONS = {
  ...OPTIONS,
  connections: { ...OPTIONS.connections, default: '64' },
  contenders: { ...OPTIONS.contenders, default: 'edgewise-handlers,c,node' },
};

function readOptions(words) {
  const options = parseOptions(OPTIONS, words);
  const isConnect = options.choice('mode', ['echo', 'connect']) === 'connect';
  return isConnect ? parseOptions(CONNECT_OPTIONS, words) : options;
}

function chosenContenders(options) {
  return options.texts('contenders').map((name) => {
    const make = CONTENDERS[name];
    if (make !== undefined) return make(name);
    throw new UsageError(`unknown contender '${name}'; there are ${Object.keys(CONTENDERS)}`);
  });
}

function toTable(measurements, mode) {
  const base = (name) => measurements.find((measurement) => measurement.name === name);
  const ratio = (measurement, to) => {
    const spread = to === undefined ? null : cpuRatio(measurement, to);
    return spread === null ? '-' : formatSpread(spread, 3);
  };
  const rows = measurements.map((measurement) => {
    const { cpuUsPerMessage, messagesPerSecond, latencyUs } = summarize(measurement);
    return [
      measurement.name,
      cpuUsPerMessage === null ? '-' : formatSpread(cpuUsPerMessage, 3),
      ratio(measurement, base('c')),
      ratio(measurement, base('node')),
      messagesPerSecond.median.toFixed(0),
      latencyUs.p99.median.toFixed(0),
      ...(mode === 'echo' ? [idleBytesPerConnection(measurement)] : []),
    ];
  });
  const header = ['', 'CPU µs each', 'x c', 'x node', 'per second', 'p99 µs'];
  if (mode === 'echo') header.push('B/conn');
  return formatTable([header, ...rows]);
}

// Of the first round only: later ones reuse the memory of the connections that have gone.
function idleBytesPerConnection({ rounds: [{ connections, server }] }) {
  if (server?.rssIdleBytes == null) return '-';
  return ((server.rssIdleBytes - server.rssBaseBytes) / connections).toFixed(0);
}

async function runAll(options) {
  const [size, rounds] = [
    options.integer('size', 1, 16_777_216),
    options.integer('rounds', 1, 1000),
  ];
  const seconds = options.number('seconds', 0.1, 600);
  const warmupSeconds = options.number('warmup', 0, 60);
  const mode = options.text('mode');
  const counts = options.integers('connections', 1, 100_000);
  const contenders = chosenContenders(options);
  const loadProgram = findProgram('edgewise-load', addonPath);
  const cpus = separateCpus();
  const pinning = cpus ? `server on CPU ${cpus.server}, load on ${cpus.load}` : 'not pinned';
  process.stdout.write(
    `${TITLES[mode]} of ${size} bytes over loopback; Node ${process.version}, ${process.platform} ` +
      `${release()}, ${availableParallelism()} CPUs, ${pinning}.\nServer CPU per ${mode}: median ` +
      `(min..max) of ${rounds} alternating rounds of ${seconds} s; ratios are taken per round.\n`,
  );
  const results = [];
  for (const connections of counts) {
    const shape = { connections, size, rounds, seconds, warmupSeconds, mode };
    const progress = progressOn(process.stderr);
    const measurements = await measure({
      ...shape,
      ...(mode === 'connect' && { sources: SOURCES_OF_CONNECT }),
      contenders,
      loadProgram,
      onProgress: progress.show,
    }).finally(progress.end);
    results.push({ ...shape, measurements });
    process.stdout.write(`\n${connections} connections\n\n${toTable(measurements, mode)}\n`);
  }
  return results;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.has('help')) {
    process.stdout.write(`npm run bench:echo -- [options]\n\n${optionLines(OPTIONS)}\n`);
  } else {
    const results = await runAll(options);
    if (options.has('json')) {
      const text = JSON.stringify({ node: process.version, kernel: release(), results }, null, 2);
      writeFileSync(options.text('json'), `${text}\n`);
    }
  }
} catch (error) {
  process.stderr.write(`bench:echo: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
