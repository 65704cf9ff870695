// One good client beside thousands of slow ones: how much longer does it wait? Build first.
//
//   node bench/slow-clients.mjs [--clients 5000] [--seconds 3] [--rounds 5] [--api handlers]
//                               [--max-ratio 2] [--json FILE]
//
// The server is `edgewise echo`, the slow clients (bench/peers/slow-crowd.mjs) send one byte a
// second each and come and go as a whole; the good one sends 64 bytes, waits for them, and so on,
// in this process. Rounds without and with the slow ones alternate; the ratio is that of the 99th
// percentiles of one round, the median of all is the result. Exit code 1 when it is not below
// `--max-ratio`. Everything runs on the cores that there are: on a busy machine it says nothing.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Children } from '../dist/cli/children.js';
import { formatSpread, ratioOf, spreadOf } from '../dist/cli/statistics.js';
import { formatTable } from '../dist/cli/table.js';
import { connect, Reactor } from '../dist/index.js';
import { edgewise, nodePeer, startServer } from './common.mjs';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    api: { type: 'string', default: 'handlers' },
    'max-ratio': { type: 'string', default: '2' },
    json: { type: 'string' },
  },
});
const [clients, seconds, rounds] = [values.clients, values.seconds, values.rounds].map(Number);

/** Sends and waits for `durationMs`. @returns the microseconds of each round trip, sorted. */
function pingPong(reactor, port, durationMs) {
  const message = Buffer.alloc(64, 'ping');
  const timesUs = [];
  return new Promise((resolve, reject) => {
    let [sentMs, missing] = [0, 0];
    const endMs = performance.now() + durationMs;
    const send = (connection) => {
      missing = message.length;
      sentMs = performance.now();
      connection.write(message);
    };
    const data = (connection, bytes) => {
      missing -= bytes.length;
      if (missing > 0) return;
      const nowMs = performance.now();
      timesUs.push((nowMs - sentMs) * 1000);
      if (nowMs < endMs) send(connection);
      else connection.end();
    };
    const close = (_, error) => {
      if (error !== undefined) reject(error);
      else resolve(Float64Array.from(timesUs).sort());
    };
    connect({ host: '127.0.0.1', port, reactor, handlers: { open: send, data, close } });
  });
}

/** The slow ones. */
class Crowd {
  #child;
  #lines;

  constructor(port) {
    const [command, ...args] = nodePeer('slow-crowd', `${port}`, `${clients}`);
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async tell(word) {
    this.#child.stdin.write(`${word}\n`);
    return JSON.parse((await this.#lines.next()).value);
  }

  end() {
    this.#child.stdin.end();
  }
}

const percentile = (sorted, share) => sorted[Math.floor((sorted.length - 1) * share)];
const figures = { idle: { p50: [], p99: [] }, crowded: { p50: [], p99: [] } };

async function measure(kind, reactor, port) {
  const times = await pingPong(reactor, port, seconds * 1000);
  figures[kind].p50.push(percentile(times, 0.5));
  figures[kind].p99.push(percentile(times, 0.99));
}

async function run(children) {
  const command = edgewise('echo', '--api', values.api, '--port', '0');
  const { port } = await startServer(children, 'echo', command);
  const reactor = new Reactor();
  reactor.attach();
  const crowd = new Crowd(port);
  await pingPong(reactor, port, 500); // warms up
  let last;
  for (let round = 0; round < rounds; round++) {
    await measure('idle', reactor, port);
    const { open, errors } = await crowd.tell('come');
    if (open !== clients * (round + 1)) throw new Error(`${open} open, ${JSON.stringify(errors)}`);
    await measure('crowded', reactor, port);
    last = await crowd.tell('go');
  }
  crowd.end();
  reactor.close();
  return last;
}

const children = new Children();
try {
  const { sent, received } = await run(children);
  const ratios = ratioOf(figures.crowded.p99, figures.idle.p99);
  const row = (name, { p50, p99 }) => [
    name,
    formatSpread(spreadOf(p50), 1),
    formatSpread(spreadOf(p99), 1),
  ];
  const head = ['', 'p50, us', 'p99, us'];
  console.log(formatTable([head, row('idle', figures.idle), row('crowded', figures.crowded)]));
  console.log(`${clients} slow clients sent ${sent} bytes and got ${received} back`);
  console.log(`p99 beside them: x ${formatSpread(ratios, 2)}`);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(figures));
  process.exitCode = ratios.median < Number(values['max-ratio']) ? 0 : 1;
} finally {
  await children[Symbol.asyncDispose]();
}
