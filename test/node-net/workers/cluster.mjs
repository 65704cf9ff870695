// A cluster of one worker, whose server is of the module that is named, in one case: clients that are
// reset at once, a socket that is shared, or a port that is taken. Prints what the worker has found as one line of JSON.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import nodeNet from 'node:net';
import { defaultReactor } from '../../../dist/index.js';
import edgewiseNet from '../../../dist/node-net/index.js';

const HOST = '127.0.0.1';
const CLIENTS = 20;
const [, , moduleName, testCase] = process.argv;
const net = moduleName === 'node:net' ? nodeNet : edgewiseNet;
const descriptorCount = () => readdirSync('/dev/fd').length;

async function resetAtOnce(port) {
  const client = nodeNet.connect(port, HOST);
  client.on('error', () => undefined);
  client.once('connect', () => client.resetAndDestroy());
  await once(client, 'close');
}

async function runPrimary() {
  cluster.schedulingPolicy = testCase === 'reset' ? cluster.SCHED_RR : cluster.SCHED_NONE;
  const taken = nodeNet.createServer().listen(0, HOST);
  await once(taken, 'listening');
  const worker = cluster.fork({ TAKEN_PORT: String(taken.address().port) });
  worker.on('message', async ({ port, found }) => {
    if (found === undefined) {
      for (let i = 0; i < CLIENTS; i++) await resetAtOnce(port);
      return;
    }
    console.log(JSON.stringify(found));
    worker.disconnect();
  });
  await once(worker, 'exit');
  taken.close();
}

const report = (found) => process.send({ found });

function serveResets() {
  defaultReactor(); // its descriptors are no leak
  const codes = [];
  let closedCount = 0;
  let openBefore = 0;
  const server = net.createServer((socket) => {
    socket.resume();
    socket.on('error', ({ code }) => codes.push(code));
    socket.on('close', () => {
      if (++closedCount < CLIENTS) return;
      setImmediate(() => report({ codes, leaked: descriptorCount() - openBefore }));
    });
  });
  server.listen(0, HOST, () => {
    openBefore = descriptorCount();
    process.send({ port: server.address().port });
  });
}

function listenOn(port) {
  const server = net.createServer();
  server.on('error', ({ code, syscall }) => report({ code, syscall }));
  server.listen(port, HOST, () => report({ isListening: server.address().port > 0 }));
}

if (cluster.isWorker)
  process.on('uncaughtException', (error) => report({ uncaught: String(error) }));
if (cluster.isPrimary) await runPrimary();
else if (testCase === 'reset') serveResets();
else listenOn(testCase === 'shared' ? 0 : Number(process.env.TAKEN_PORT));
