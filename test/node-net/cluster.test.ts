// Servers of edgewise/net in a worker of node:cluster, beside those of node:net: what the primary hands
// them may be broken already, and no one is there to catch what they throw.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const CLUSTER = fileURLToPath(new URL('workers/cluster.mjs', import.meta.url));

// Ends with the worker, which has to end when the primary disconnects it.
async function run(module: string, testCase: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLUSTER, module, testCase]);
  return JSON.parse(stdout);
}

describe.each(['node:net', 'edgewise/net'])('%s, in a worker of a cluster', (module) => {
  it('serves clients that were reset on their way to the worker, like any other', async () => {
    const codes = Array.from({ length: 20 }, () => 'ECONNRESET');
    expect(await run(module, 'reset')).toEqual({ codes, leaked: 0 });
  });

  it('listens on a shared socket', async () => {
    expect(await run(module, 'shared')).toEqual({ isListening: true });
  });

  it('emits that the port of a shared socket is taken', async () => {
    expect(await run(module, 'taken')).toEqual({ code: 'EADDRINUSE', syscall: 'bind' });
  });
});
