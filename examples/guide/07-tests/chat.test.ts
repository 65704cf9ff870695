// The chat on a simulated kernel: hundreds of runs, each with other delays and other cuts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Peer, simulate } from 'edgewise/testing';
import { startChat } from './chat.ts';

const faults = { delayMs: 20, cut: 0.3, shortReads: 0.2, shortWrites: 0.2 };

async function lines(client: Peer, count: number): Promise<string[]> {
  const read: string[] = [];
  while (read.length < count) read.push(await client.line());
  return read;
}

test('what one says, all in the room get, wherever the network cuts it', () =>
  simulate({ runs: 100, faults }, async (sim) => {
    startChat(7000);
    const ann = await sim.connect(7000);
    await lines(ann, 2); // the welcome, and that it is in the lobby
    const bob = await sim.connect(7000);
    await lines(bob, 2);
    await lines(ann, 1);
    ann.write('/nick Zoë\nगुड मॉर्निंग\n');
    const said = ['* guest1 is Zoë now', 'Zoë: गुड मॉर्निंग'];
    assert.deepEqual(await lines(ann, 2), said);
    assert.deepEqual(await lines(bob, 2), said);
  }));

test('a member that does not read holds the room up for 5 seconds, and no longer', () =>
  simulate({ runs: 20, faults }, async (sim) => {
    startChat(7000);
    const slow = await sim.connect(7000);
    slow.pause();
    const ann = await sim.connect(7000);
    for (let count = 0; count < 1000; count++) ann.write(`${'x'.repeat(1000)}\n`);
    await sim.elapse('4s');
    assert.ok(!String(ann.received).includes('has left'));
    await sim.elapse('2s');
    ann.write('/quit\n');
    assert.match(await ann.text(), /guest1 has left lobby\n(.*\n)*\* good bye\n$/);
  }));

test('a client that is silent for 5 minutes is sent away, and not before', () =>
  simulate({ runs: 20, faults }, async (sim) => {
    startChat(7000);
    const client = await sim.connect(7000);
    await lines(client, 2);
    await sim.elapse('4m');
    assert.ok(!String(client.received).includes('5 minutes'));
    assert.equal(await client.line(), '* nothing was said for 5 minutes');
  }));

test('a client that vanishes in the middle of a line leaves nothing behind', () =>
  simulate({ runs: 100, faults }, async (sim) => {
    startChat(7000);
    const ann = await sim.connect(7000);
    await lines(ann, 2);
    const bob = await sim.connect(7000);
    bob.write('/join kitchen\nhalf a li').reset();
    await sim.calm();
    assert.match(String(ann.received), /guest2 has left lobby\n$/);
    assert.equal(sim.descriptors.open.length, 2); // the listener, and Ann
  }));
