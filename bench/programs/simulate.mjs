// What a run of a test costs on a simulated machine (`edgewise/testing`): its making, its calls, its end.
//
//   node simulate.mjs simulated-echo|simulated-delays|simulated-emfile     (see answer.mjs)
//
//   simulated-echo    a client of an echo server says a line and gets it back
//   simulated-delays  the same, where everything may be late, cut, short or interrupted
//   simulated-emfile  20 clients of an echo server that finds no descriptor for three of ten, until they have their answers;
//                     it tries again by its timers, 4 virtual seconds in all
import assert from 'node:assert/strict';
import { listen } from '../../dist/net/index.js';
import { simulate } from '../../dist/testing/index.js';
import { answer, cpuUs } from './answer.mjs';

const PORT = 7007;
const delays = {
  delayMs: 20,
  cut: 0.3,
  shortReads: 0.2,
  shortWrites: 0.2,
  interrupted: 0.05,
  order: 0.3,
  spurious: 0.1,
};
const ways = {
  'simulated-echo': { clients: 1, runs: 200, faults: {}, elapsed: '0ms' },
  'simulated-delays': { clients: 1, runs: 200, faults: delays, elapsed: '0ms' },
  'simulated-emfile': { clients: 20, runs: 20, faults: { emfile: 0.3 }, elapsed: '4s' },
};
const { clients, runs, faults, elapsed } = ways[process.argv[2]];

async function ask(sim, index) {
  const client = await sim.connect(PORT);
  client.write(`hello ${index}\n`);
  assert.equal(await client.line(), `hello ${index}`);
  client.end();
}

function startServer() {
  const data = (connection, bytes) => void connection.write(bytes);
  for (;;) {
    try {
      listen({ port: PORT, handlers: { data } });
      return;
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
  }
}

async function talk(sim) {
  startServer();
  await Promise.all(Array.from({ length: clients }, (_, index) => ask(sim, index)));
  await sim.elapse(elapsed);
}

let seed = 1;
async function measure() {
  const before = cpuUs();
  await simulate({ runs, seed, faults, repeatEvery: 0 }, talk);
  seed += runs;
  return { cpuUs: (cpuUs() - before) / runs, operations: runs };
}

for (let round = 0; round < 3; round++) await measure(); // V8 compiles what is hot
await answer(measure);
