// The models of examples/models side by side, by the load of `edgewise demo`: one table. Each model
// runs alone and unpinned, since some of them are threads.
//
//   npm run models -- [--models reactor,poll] [--connections 32] [--seconds 1] [--help]
import { createConnection } from 'node:net';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { optionLines, parseOptions, UsageError } from '../dist/cli/arguments.js';
import { Children } from '../dist/cli/children.js';
import { findProgram, runLoad } from '../dist/cli/load.js';
import { formatTable } from '../dist/cli/table.js';
import { addonPath } from '../dist/native.js';
import { startServer } from './common.mjs';

const MODELS = ['blocking', 'thread-per-connection', 'thread-pool', 'busy-loop', 'select', 'poll'];
MODELS.push('epoll-level', 'epoll-edge', 'reactor', 'multi-reactor', 'proactor', 'await', 'actors');
const SIZE = 64; // bytes per message
const HELD_MS_MAX = 10_000; // threads take their time to start, all at once
const HELD_STEPS = [64, 1000];
const WARMUP_SECONDS = 0.2;
const STRACED_SECONDS_MAX = 0.5;

const OPTIONS = {
  models: { value: 'NAME,...', help: `of ${MODELS.join(', ')}`, default: MODELS.join(',') },
  connections: { value: 'N', help: 'under load, where a model holds as many', default: '32' },
  threads: { value: 'N', help: 'of the models that have a fixed number', default: '4' },
  seconds: { value: 'S', help: 'length of the measured window', default: '1' },
};

const command = (model, threads) => {
  const script = fileURLToPath(new URL('../scripts/example.mjs', import.meta.url));
  return [process.execPath, script, `models/${model}`, '--port', '0', '--threads', `${threads}`];
};

/** Starts the model anew, and ends it when the work is done. */
async function withServer(model, threads, work) {
  const children = new Children();
  try {
    return await work(await startServer(children, model, command(model, threads)), children);
  } finally {
    await children[Symbol.asyncDispose]();
  }
}

/** How many of `count` connections, opened at once, have had an echo before the time is over. */
async function heldOf(count, port) {
  let held = 0;
  let settle;
  const settled = new Promise((resolve) => {
    settle = resolve;
  });
  const tooLate = setTimeout(settle, HELD_MS_MAX);
  const onEcho = () => {
    if (++held === count) settle();
  };
  const sockets = Array.from({ length: count }, () => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.on('error', () => undefined); // refused or reset: not held
    socket.once('data', onEcho);
    socket.write('x');
    return socket;
  });
  await settled;
  clearTimeout(tooLate);
  for (const socket of sockets) socket.destroy();
  return held;
}

function countHeld(model, threads) {
  return withServer(model, threads, async ({ port }) => {
    let held = 0;
    for (const count of HELD_STEPS) {
      held = await heldOf(count, port);
      if (held < count) break;
    }
    return held;
  });
}

function load(children, server, connections, warmupSeconds, seconds) {
  return runLoad(children, findProgram('edgewise-load', addonPath), {
    host: '127.0.0.1',
    port: server.port,
    connections,
    size: SIZE,
    warmupSeconds,
    seconds,
    serverPid: server.pid,
  });
}

// Attached to the running server, so that its start is not counted, and without a warm-up, so that
// the calls are those of the messages that are counted (and of opening and closing, which are few).
async function countSystemCalls(model, threads, connections, seconds) {
  if (process.platform !== 'linux') return { reason: 'strace is for Linux' };
  return withServer(model, threads, async (server, children) => {
    const strace = await children
      .start('strace', 'strace', ['-c', '-f', '-p', `${server.pid}`])
      .catch(({ code }) => ({ reason: `strace: ${code}` }));
    if (strace.reason !== undefined) return strace;
    const isAttached = await attached(strace);
    if (!isAttached) return { reason: strace.output.stderr.trim().split('\n')[0] };
    const tracedSeconds = Math.min(seconds, STRACED_SECONDS_MAX);
    const report = await load(children, server, connections, 0, tracedSeconds);
    process.kill(strace.pid, 'SIGINT'); // it lets go of the server, and prints
    await strace.ended;
    const total = /^\s*100\.00\s+\S+\s+(?:\d+\s+)?(\d+)\s+(?:\d+\s+)?total$/m;
    const calls = total.exec(strace.output.stderr)?.[1];
    if (calls === undefined) return { reason: 'strace printed no total' };
    return { perMessage: Number(calls) / report.messages };
  });
}

function attached(strace) {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (/ attached/.test(strace.output.stderr)) settle(true);
    }, 10);
    const settle = (is) => {
      clearInterval(timer);
      resolve(is);
    };
    strace.ended.then(() => settle(false));
  });
}

async function measureModel(model, { connections, threads, seconds }) {
  const held = await countHeld(model, threads);
  if (held === 0) throw new Error(`nobody was served within ${HELD_MS_MAX / 1000} s`);
  const loaded = Math.min(held, connections);
  const report = await withServer(model, threads, (server, children) =>
    load(children, server, loaded, WARMUP_SECONDS, seconds),
  );
  const calls = await countSystemCalls(model, threads, loaded, seconds);
  const { cpuNs, rssEndBytes } = report.server ?? {};
  const cells = [
    model,
    `${loaded}${loaded < connections ? '*' : ' '}`,
    report.messagesPerSecond.toFixed(0),
    cpuNs == null ? '-' : (cpuNs / 1000 / report.messages).toFixed(2),
    calls.perMessage?.toFixed(2) ?? '-',
    rssEndBytes == null ? '-' : (rssEndBytes / (1 << 20)).toFixed(0),
    `${held}`,
  ];
  return { cells, reason: calls.reason, isLess: loaded < connections };
}

// The others are measured all the same.
function failed(model, { message }) {
  process.exitCode = 1;
  const cells = [model, '- ', '-', '-', '-', '-', '-'];
  return { cells, reason: `${model}: ${message}`, isLess: false };
}

function readOptions(options) {
  const models = options.texts('models');
  const unknown = models.find((name) => !MODELS.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`unknown model '${unknown}'; there are ${MODELS}`);
  return {
    models,
    connections: options.integer('connections', 1, 1000),
    threads: options.integer('threads', 1, 64),
    seconds: options.number('seconds', 0.1, 60),
  };
}

const LEGEND = `\
clients         connections under load, each of which waits for its echo before it sends again
messages/s      throughput; server and load share the CPUs
CPU us/message  microseconds of CPU, user and system, of all threads of the server
calls/message   system calls of the server, counted by strace -c in a run of its own
RSS MiB         memory of the server under load, that of Node itself included
held            how many of ${HELD_STEPS.join(', then ')} that connect at once had an echo \
within ${HELD_MS_MAX / 1000} s`;

function legend({ connections }, results) {
  const notes = [LEGEND];
  if (results.some(({ isLess }) => isLess)) {
    notes.push(
      `*               it holds less than ${connections}, so it was loaded with what it holds`,
    );
  }
  return notes.join('\n');
}

async function run(options) {
  process.stdout.write(
    `Echo of ${SIZE} bytes over loopback; ${options.threads} threads where their number is fixed\n` +
      `Node ${process.version}, ${process.platform} ${release()}\n\n`,
  );
  const results = [];
  for (const model of options.models) {
    if (process.stderr.isTTY) process.stderr.write(`${model} ...\n`);
    results.push(await measureModel(model, options).catch((error) => failed(model, error)));
  }
  const header = [
    ...['model', 'clients ', 'messages/s', 'CPU us/message', 'calls/message', 'RSS MiB'],
    'held',
  ];
  process.stdout.write(`${formatTable([header, ...results.map(({ cells }) => cells)])}\n\n`);
  process.stdout.write(`${legend(options, results)}\n`);
  for (const reason of new Set(results.map((result) => result.reason))) {
    if (reason !== undefined) process.stdout.write(`-               ${reason}\n`);
  }
}

try {
  const options = parseOptions(OPTIONS, process.argv.slice(2));
  if (options.has('help')) {
    process.stdout.write(`npm run models -- [options]\n\n${optionLines(OPTIONS)}\n`);
  } else {
    await run(readOptions(options));
  }
} catch (error) {
  process.stderr.write(`models: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
