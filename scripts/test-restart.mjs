// Restarts examples/handover.ts again and again under load: `npm run test:long -- restart [COUNT]`,
// of hand-overs. Clients connect, have their bytes echoed, and close, all the time; some stay
// for longer than a hand-over takes. Ends with 1 if one of them was refused, reset or left without an
// answer, or if the processes have not served exactly the connections that were made.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect } from '../dist/index.js';

const HAND_OVERS = 20;
const SHORT_CLIENTS = 12;
const LONG_CLIENTS = 4;
const ROUND_TRIPS = 30; // of a long client
const PAUSE_MS = 20;
const BETWEEN = 100; // connections that are made between two hand-overs
const SILENCE_MS = 20_000;
const LOCAL_ADDRESSES = 200;
const LOCAL_PORT = 20_000;
const LOCAL_PORTS = 12_000;
const LAUNCHER = fileURLToPath(new URL('example.mjs', import.meta.url));

const count = { connections: 0, roundTrips: 0, refused: 0, reset: 0, other: 0 };
const waiting = new Set();
let isOver = false;
let made = 0;

// Loopback has many addresses on Linux: one alone would run out of ports in TIME_WAIT. The ports are
// below those that the kernel gives, which tests that run beside this one want to find free.
function local() {
  made++;
  if (process.platform !== 'linux') return {};
  const port = Math.floor(made / LOCAL_ADDRESSES) + process.pid * 149;
  return {
    localAddress: `127.0.0.${1 + (made % LOCAL_ADDRESSES)}`,
    localPort: LOCAL_PORT + (port % LOCAL_PORTS),
  };
}

function fail(what) {
  if (what === 'ECONNREFUSED') count.refused++;
  else if (what === 'ECONNRESET') count.reset++;
  else count.other++;
  console.error(`a client failed: ${what}`);
}

function next(connection) {
  const { data } = connection;
  data.expected = `${made} ${data.left}\n`;
  data.received = '';
  connection.write(data.expected);
}

const clientHandlers = {
  open: next,
  data(connection, bytes) {
    const { data } = connection;
    data.received += bytes;
    if (data.received.length < data.expected.length) return;
    if (data.received !== data.expected) fail('wrong bytes');
    count.roundTrips++;
    data.left--;
    if (data.left === 0) connection.end();
    else setTimeout(() => void (connection.isClosed || next(connection)), PAUSE_MS);
  },
  timeout: (connection) =>
    connection.destroy(Object.assign(new Error('silence'), { code: 'silence' })),
  close({ data }, error) {
    if (error?.code === 'EADDRINUSE') {
      // Another process has that port of ours: the next one will do.
    } else if (error !== undefined) fail(error.code ?? error.message);
    else if (data.left > 0) fail('closed before the answer');
    else count.connections++;
    for (const look of waiting) look();
    data.again();
  },
};

/** Connects again and again until all is over, and resolves then. */
function client(port, roundTrips) {
  return new Promise((resolve) => {
    const again = () => {
      if (isOver) resolve();
      else {
        const options = { host: '127.0.0.1', port, ...local(), idleTimeoutMs: SILENCE_MS };
        const connection = connect({ ...options, handlers: clientHandlers });
        connection.data = { left: roundTrips, again };
      }
    };
    again();
  });
}

/** Resolves when so many more connections were made. */
function load(more) {
  const wanted = count.connections + more;
  return new Promise((resolve) => {
    const look = () => {
      if (count.connections < wanted && count.refused + count.reset + count.other === 0) return;
      waiting.delete(look);
      resolve();
    };
    waiting.add(look);
    look();
  });
}

/** One server process: its port, and how many connections it has served when it has ended. */
function serve(path, port = 0) {
  const child = spawn(process.execPath, [LAUNCHER, 'handover', `${port}`, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const server = { child };
  const lines = createInterface({ input: child.stdout });
  server.listening = new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const [, listening] = /^listening on 127\.0\.0\.1:(\d+)$/.exec(line) ?? [];
      if (listening !== undefined) resolve(Number(listening));
      const [, served] = /^served (\d+) connections$/.exec(line) ?? [];
      if (served !== undefined) server.served = Number(served);
    });
    child.once('close', (code) => reject(new Error(`a server has ended with ${code}`)));
  });
  server.ended = new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0 && server.served !== undefined) resolve(server.served);
      else reject(new Error(`a server has ended with ${code}`));
    });
  });
  server.ended.catch(() => undefined);
  return server;
}

async function restart(handOverCount, path) {
  let server = serve(path);
  const port = await server.listening;
  const clients = [];
  for (let i = 0; i < SHORT_CLIENTS; i++) clients.push(client(port, 1));
  for (let i = 0; i < LONG_CLIENTS; i++) clients.push(client(port, ROUND_TRIPS));
  const ended = [];
  try {
    for (let i = 0; i < handOverCount; i++) {
      await load(BETWEEN);
      const successor = serve(path, port);
      await successor.listening;
      ended.push(server.ended);
      server = successor;
    }
    await load(BETWEEN);
    isOver = true;
    await Promise.all(clients);
    ended.push(server.ended);
  } finally {
    server.child.kill('SIGTERM');
  }
  return (await Promise.all(ended)).reduce((sum, served) => sum + served);
}

const handOverCount = Number(process.argv[2] ?? HAND_OVERS);
const folder = mkdtempSync(join(tmpdir(), 'edgewise-restart-'));
const served = await restart(handOverCount, join(folder, 'control')).finally(() => {
  rmSync(folder, { recursive: true });
});
const { connections, roundTrips, refused, reset, other } = count;
console.log(
  `${connections} connections with ${roundTrips} round trips, served by the servers: ${served}`,
);
console.log(
  `${handOverCount} hand-overs, ${refused} refused, ${reset} reset, ${other} other failures`,
);
process.exit(refused + reset + other === 0 && served === connections ? 0 : 1);
