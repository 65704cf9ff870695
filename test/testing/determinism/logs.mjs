// Prints what the runs of many seeds have called, with times and results, as one hash for each: the same seed has
// the same one in every process and on every version of Node.
//
//   node logs.mjs SEEDS
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { observeKernel } from '../../../dist/kernel.js';
import { connect, listen } from '../../../dist/promises/index.js';
import { simulate } from '../../../dist/testing/index.js';

const CLIENTS = 4;
const faults = {
  delayMs: 30,
  cut: 0.3,
  shortReads: 0.2,
  shortWrites: 0.2,
  interrupted: 0.05,
  order: 0.3,
  spurious: 0.1,
};

async function serve(listener) {
  for await (const connection of listener) void echo(connection);
}

async function echo(connection) {
  for await (const bytes of connection) await connection.write(bytes);
  await connection.end();
}

async function ask(text) {
  const connection = await connect({ host: '127.0.0.1', port: 7007 });
  await connection.end(text);
  let answer = '';
  for await (const bytes of connection) answer += bytes.toString();
  assert.equal(answer, text);
}

async function talk(sim) {
  const log = createHash('sha256');
  const stop = observeKernel({
    onCall: ({ name }, fd, result, asked) =>
      log.update(`${sim.now} ${name} ${fd} ${asked} ${result}\n`),
  });
  const listener = listen({ port: 7007 });
  const serving = serve(listener);
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => ask(`hello ${index}`)));
  listener.close();
  await serving;
  stop();
  process.stdout.write(`${log.digest('hex')}\n`);
}

// The first run of all is without faults by chance.
await simulate({ runs: Number(process.argv[2]) + 1, faults, repeatEvery: 0 }, talk);
