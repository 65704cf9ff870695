// As many connections in one process as the limit of descriptors allows, up to 18,000: all are open
// at once, and each is answered after the last has come. The server is `edgewise echo --api
// handlers`, the clients are the load generator, each a process of its own.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Contender, startServer } from '../../src/cli/measure/index.ts';
import { LOAD, useLoadGenerator } from '../helpers/load-generator.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CONNECTIONS_MAX = 18_000;
const SPARE_DESCRIPTORS = 100;
const STALL_SECONDS = 60; // on a busy machine; the server's silence, not the length of the test
const isLinux = process.platform === 'linux';

const generator = useLoadGenerator();

function echo(trigger: string): Contender {
  const args = [MAIN, 'echo', '--port', '0', '--api', 'handlers', '--trigger', trigger];
  return { name: 'edgewise echo', command: process.execPath, args };
}

// One address has some 16,000 to 28,000 ports, and only Linux has more addresses than one.
function connectionCount(): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  const allowed = limit === 'unlimited' ? CONNECTIONS_MAX : Number(limit) - SPARE_DESCRIPTORS;
  const count = Math.min(allowed, isLinux ? CONNECTIONS_MAX : 5_000);
  console.log(`${count} connections; the hard limit of descriptors is ${limit}`);
  return count;
}

it.each(['level', 'edge'] as const)(
  '%s: up to 18,000 connections of one process are each answered',
  async (trigger) => {
    const count = connectionCount();
    const server = await startServer(generator.newChildren(), echo(trigger));
    const clients = spawn(
      LOAD,
      [
        '--mode',
        'hold',
        '--port',
        `${server.port}`,
        '--connections',
        `${count}`,
        '--stall',
        `${STALL_SECONDS}`,
        ...(isLinux ? ['--sources', '8'] : []),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    generator.after(() => clients.kill('SIGKILL'));
    const ended = once(clients, 'close');
    const lines = createInterface({ input: clients.stdout })[Symbol.asyncIterator]();

    expect(JSON.parse((await lines.next()).value)).toEqual({ open: count });
    if (isLinux) {
      const open = readdirSync(`/proc/${server.child.pid}/fd`).length;
      expect(open).toBeGreaterThanOrEqual(count);
    }
    clients.stdin.end();
    const report = JSON.parse((await lines.next()).value);
    // One when it opened, one when all were open.
    expect(report).toMatchObject({ messages: count, messagesPerConnection: { min: 2, max: 2 } });
    expect(await ended).toEqual([0, null]);
  },
  180_000,
);
