// Servers of edgewise/net in a worker of node:cluster, beside those of node:net: what the primary hands
// them may be broken already, and no one is there to catch what they throw.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const CLUSTER = fileURLToPath(new URL('workers/cluster.mjs', import.meta.url));

async function run(net: string, testCase: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLUSTER, net, testCase]);
  return JSON.parse(stdout.split('\n')[0] ?? '');
}

describe.each(['node:net', 'edgewise/net'])('%s, a worker of a cluster', (net) => {
  it('gets clients that were reset before it saw them, as any other', async () => {
    const codes = Array.from({ length: 20 }, () => 'ECONNRESET');
    expect(await run(net, 'reset')).toEqual({ codes, leaked: 0 });
  });

  it('notices that the port of a shared socket is taken', async () => {
    expect(await run(net, 'taken')).toEqual({ code: 'EADDRINUSE', syscall: 'bind' });
  });
});
