// A relay on the simulated kernel: its bytes go through a pipe by splice, in pieces and late.
import { expect, test } from 'vitest';
import { type AnyConnection, connect, listen, relay } from '../../../src/net/index.ts';
import { simulate } from '../../../src/testing/simulate.ts';

const TEXT = 'abcdefghij'.repeat(20_000);

test('a relay brings all bytes of both directions, whatever the network does', async () => {
  let spliced = 0;
  const faults = { delayMs: 20, cut: 0.3 };
  await simulate({ runs: 20, faults }, async (sim) => {
    sim.listen('db:5432', async (peer) => {
      peer.write(`${await peer.line()}\n`);
      peer.end(await peer.text());
    });
    const server = listen({
      port: 7007,
      handlers: {
        open(connection) {
          connection.pause();
          const open = (upstream: AnyConnection) => void relay(connection, upstream);
          connect({ host: 'db', port: 5432, handlers: { open } });
        },
      },
    });
    const client = await sim.connect(7007);
    client.write('hello\n');
    expect(await client.line()).toBe('hello');
    client.end(TEXT);
    expect((await client.text()) === TEXT).toBe(true);
    spliced += sim.calls.splice ?? 0;
    server.close();
    await sim.settle();
  });
  expect(spliced).toBeGreaterThan(0);
});
