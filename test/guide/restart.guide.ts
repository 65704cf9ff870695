// Steps 8 and 10 under load: clients connect, speak, are answered and go, while the server is replaced. None is
// refused, none is reset, and what was said before a client was asked to go has been answered.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { examplesOf } from './page.ts';
import { certificateFile, Lines, makeFolder, Server } from './running.ts';
import { freePort } from './talk.ts';

const CLIENTS = 8;
const RESTARTS = 3;
const BETWEEN = 20; // connections that have ended well between two restarts
const host = '127.0.0.1';

const count = { ended: 0, spoken: 0, moved: 0, failed: [] as string[] };
const servers: Server[] = [];
const folders: string[] = [];
let isOver = false;
let look: () => void = () => undefined; // called when a connection has ended or failed

afterEach(async () => {
  isOver = true;
  await Promise.all(servers.splice(0).map((server) => server.kill()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** One client: it says five lines, each after the answer to the one before, and leaves. */
async function visit(socket: Socket, number: number): Promise<void> {
  socket.on('error', (error: NodeJS.ErrnoException) => {
    count.failed.push(error.code ?? '');
    look();
  });
  const lines = new Lines(socket);
  let said = 0;
  const say = () => socket.write(said < 5 ? `line ${said++} of ${number}\n` : '/quit\n');
  say();
  for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
    if (line === '* the server restarts: connect again') count.moved++;
    if (!line.endsWith(` of ${number}`)) continue; // said by others, or by the server
    count.spoken++;
    say();
  }
  count.ended++;
  look();
}

async function visitAgainAndAgain(open: () => Socket, number: number): Promise<void> {
  while (!isOver) await visit(open(), number);
}

/** Waits without turning: the servers need the processor. */
async function untilMore(ended: number): Promise<void> {
  const wanted = count.ended + ended;
  while (count.ended < wanted && count.failed.length === 0) {
    await new Promise<void>((resolve) => {
      look = resolve;
    });
  }
}

test.each(['08-restart', '10-watching'])('%s: no client is refused or reset', async (step) => {
  Object.assign(count, { ended: 0, spoken: 0, moved: 0, failed: [] });
  isOver = false;
  const folder = makeFolder(examplesOf(step));
  const home = mkdtempSync(join(tmpdir(), 'edgewise-guide-'));
  folders.push(folder, home);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const start = async () => {
    const server = new Server(folder, [`${port}`, `${tlsPort}`], home);
    servers.push(server);
    expect(await server.line()).toMatch(/^listening on /);
    return server;
  };
  let server = await start();
  const ca = readFileSync(certificateFile());
  const clients = Array.from({ length: CLIENTS }, (_, number) => {
    const plain = () => connect({ host, port });
    const secure = () => connectTls({ host, port: tlsPort, ca, servername: 'localhost' });
    return visitAgainAndAgain(number % 4 === 3 ? secure : plain, number);
  });
  for (let restart = 0; restart < RESTARTS; restart++) {
    await untilMore(BETWEEN);
    const next = await start();
    expect(await server.line()).toMatch(/^stopping/);
    expect(await server.exited).toBe(0);
    server = next;
  }
  await untilMore(BETWEEN);
  isOver = true;
  await Promise.all(clients);
  const { failed, ...sums } = count;
  process.stdout.write(`${step}: ${RESTARTS} restarts, ${JSON.stringify(sums)}, 0 failed\n`);
  expect(failed).toEqual([]);
  expect(count.spoken).toBeGreaterThan(count.ended);
});
