// A pool behind a proxy: its threads read the headers of the PROXY protocol, whatever accepts, and what a
// header has said goes along when a connection is handed over.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultReactor } from '../../src/index.ts';
import type { PoolStrategy } from '../../src/multi/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { headerV2, SOURCE } from '../net/socket/proxy-headers.ts';
import { moduleOf, startPool } from './pools.ts';

beforeAll(() => void defaultReactor()); // stays
useDescriptors();
const isLinux = process.platform === 'linux';
const STRATEGIES: PoolStrategy[] = isLinux
  ? ['acceptor', 'reusePort', 'exclusive']
  : ['acceptor', 'reusePort'];

// Says where its client is; at a byte it goes to the other thread, which says it again.
const WHERE = moduleOf(`
  let self;
  const say = (connection) => connection.write(connection.remoteAddress + ' ' + self.index + '\\n');
  export function start(context) { self = context; }
  export const handlers = {
    open: say,
    data: (connection) => self.handOver(connection, 1 - self.index),
  };
  export function adopt(connection) { say(connection); }
`);

async function lineOf(socket: Socket): Promise<string> {
  let text = '';
  while (!text.endsWith('\n')) text += (await once(socket, 'data'))[0];
  return text;
}

describe.each(STRATEGIES)('%s', (strategy) => {
  it('names the client, also on the thread that it is handed over to, and drains', async () => {
    const connection = { proxyProtocol: 'v2' } as const;
    const { pool } = await startPool({ module: WHERE, strategy, connection });
    const wrong = connect(pool.port, '127.0.0.1');
    wrong.on('error', () => undefined);
    wrong.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => wrong.once('close', resolve)); // with ECONNRESET
    const client = connect(pool.port, '127.0.0.1');
    const header = headerV2();
    client.write(header.subarray(0, 20));
    client.write(header.subarray(20));
    const [where, first] = (await lineOf(client)).trim().split(' ');
    client.write('x');
    const [again, second] = (await lineOf(client)).trim().split(' ');
    expect([where, again]).toEqual(Array(2).fill(`${SOURCE.address}:${SOURCE.port}`));
    expect([first, second].sort()).toEqual(['0', '1']);
    client.destroy();
    await once(client, 'close');
    await pool.close({ timeoutMs: 20_000 });
    const { total } = await pool.report();
    expect(total).toMatchObject({ open: 0, broken: 0 });
  });
});
