// A test that waits for what cannot come: it fails at once, and does not wait for the time limit of its runner.
import { test } from 'node:test';
import { simulate } from 'edgewise/testing';
import { startServer } from './upper-case.ts';

test('half a line is answered', () =>
  simulate({}, async (sim) => {
    startServer(7007);
    const client = await sim.connect(7007);
    client.write('hel');
    await client.line();
  }));
