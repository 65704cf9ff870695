// A test that finds the mistake of one-chunk.ts: it fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'edgewise/testing';
import { startServer } from './one-chunk.ts';

test('a line is answered', () =>
  simulate({ runs: 500, faults: { cut: 0.3 } }, async (sim) => {
    startServer(7007);
    const client = await sim.connect(7007);
    client.write('hello\n');
    assert.equal(await client.line(), 'HELLO');
  }));
