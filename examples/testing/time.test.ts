// Time of the simulation: a test of an hour takes milliseconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultReactor, listen } from 'edgewise';
import { simulate } from 'edgewise/testing';

test('a client that is silent for an hour is sent away, and not before', () =>
  simulate({ runs: 20, faults: { delayMs: 20 } }, async (sim) => {
    listen({
      port: 7007,
      idleTimeoutMs: 3_600_000,
      handlers: { timeout: (connection) => connection.end('bye\n') },
    });
    const client = await sim.connect(7007);
    await sim.elapse('59m');
    assert.equal(String(client.received), '');
    assert.equal(await client.line(), 'bye');
  }));

test('timers of the reactor go by the same clock', () =>
  simulate({}, async (sim) => {
    const beats: number[] = [];
    const timer = defaultReactor().setInterval(() => beats.push(sim.now), 60_000);
    await sim.elapse('200s');
    timer.clear();
    assert.deepEqual(beats, [60_000, 120_000, 180_000]);
  }));
