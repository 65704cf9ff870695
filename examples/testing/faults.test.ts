// Faults at the moment that a test chooses, and faults by chance beside them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'edgewise/testing';
import { startServer } from './upper-case.ts';

const faults = { delayMs: 50, cut: 0.3, shortReads: 0.2, shortWrites: 0.2, spurious: 0.1 };

test('clients wait while no descriptor is left, and are served then', () =>
  simulate({ runs: 100, faults, edges: 'strict' }, async (sim) => {
    startServer(7007);
    sim.fail('accept4', 'EMFILE', { times: 3 });
    const clients = await Promise.all([sim.connect(7007), sim.connect(7007)]);
    for (const client of clients) client.write('hello\n');
    for (const client of clients) assert.equal(await client.line(), 'HELLO');
  }));

test('a client that resets disturbs no other, and leaves nothing behind', () =>
  simulate({ runs: 100, faults, edges: 'strict' }, async (sim) => {
    startServer(7007);
    const [rude, polite] = await Promise.all([sim.connect(7007), sim.connect(7007)]);
    rude.write('in the middle of a li').reset();
    polite.end('hello\n');
    assert.equal(await polite.text(), 'HELLO\n');
    await sim.calm(); // nothing goes wrong by chance any more: now it has to end well
    assert.deepEqual(sim.descriptors.open, ['listener :::7007']);
  }));

test('the network is away for half a minute', () =>
  simulate({ runs: 100, faults, edges: 'strict' }, async (sim) => {
    startServer(7007);
    const client = await sim.connect(7007);
    sim.partition('127.0.0.1', '30s');
    client.write('hello\n');
    assert.equal(await client.line(), 'HELLO');
    assert.ok(sim.now >= 30_000);
  }));
