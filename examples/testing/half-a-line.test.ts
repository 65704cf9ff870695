// A server of lines, and a client that stops in the middle of one: 500 runs on a simulated kernel.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'edgewise/testing';
import { startServer } from './upper-case.ts';

test('half a line is answered when the rest comes', () =>
  simulate({ runs: 500, faults: { delayMs: 20, cut: 0.3 } }, async (sim) => {
    startServer(7007);
    const client = await sim.connect(7007);
    client.write('hel');
    await sim.elapse('20s');
    client.write('lo\n');
    assert.equal(await client.line(), 'HELLO');
  }));
