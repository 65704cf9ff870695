// What takeOver believes of the earlier process: nothing that is not in the protocol; and what it got is
// closed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Connection } from '../../../src/net/connection/connection.ts';
import { takeOver } from '../../../src/net/inherit/take-over.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { countDescriptors, must, useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder } from '../recorder.ts';

const descriptors = useDescriptors();
let folder = '';
let nameCount = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgewise-takeover-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const newPath = () => join(folder, `${nameCount++}`);

function reactorOf(): Reactor {
  const reactor = descriptors.using(new Reactor());
  reactor.attach();
  return reactor;
}

/** A server at `path` that plays the earlier process. */
function play(reactor: Reactor, open: (connection: Connection) => void) {
  const path = newPath();
  const server = descriptors.using(new Recorder({ open }));
  descriptors.using(listen({ path, handlers: server.handlers, reactor }));
  return { path, server };
}

it.each([
  ['no JSON', 'hello\n', 1],
  ['another version', '{"version":2,"names":["web"]}\n', 1],
  ['no names', '{"version":1}\n', 1],
  ['fewer than announced', '{"version":1,"names":["a","b"]}\n', 1],
  ['more than announced', '{"version":1,"names":["a"]}\n', 2],
  ['names that are no texts', '{"version":1,"names":[{}]}\n', 1],
  ['an empty name', '{"version":1,"names":[""]}\n', 1],
  ['a name without end', `{"version":1,"names":["${'x'.repeat(256)}"]}\n`, 1],
  ['one name twice', '{"version":1,"names":["a","a"]}\n', 2],
  ['null', 'null\n', 1],
  ['an end', '', 0],
])('closes what it got from one that does not speak it: %s', async (_, text, count) => {
  const reactor = reactorOf();
  const [reader] = descriptors.pipe();
  const { path, server } = play(reactor, (connection) => {
    if (count > 0) connection.writeDescriptors(text, new Array(count).fill(reader));
    else connection.destroy();
  });
  const before = countDescriptors();
  const failed = { code: 'ERR_HANDOVER_FAILED' };
  await expect(takeOver({ path, reactor })).rejects.toMatchObject(failed);
  await server.called('close');
  expect(countDescriptors()).toBe(before);
});

it('closes descriptors that come without end', async () => {
  const reactor = reactorOf();
  const [reader] = descriptors.pipe();
  const { path, server } = play(reactor, (connection) => {
    for (let i = 0; i < 3; i++) connection.writeDescriptors('.', new Array(100).fill(reader));
  });
  const before = countDescriptors();
  const failed = { code: 'ERR_HANDOVER_FAILED' };
  const taking = takeOver({ path, reactor, timeoutMs: 600_000 }); // no time-out ends it
  await expect(taking).rejects.toMatchObject(failed);
  await server.called('close');
  expect(countDescriptors()).toBe(before);
});

it.each(['descriptors', 'released'])('believes no %s that it has not asked for', async (kind) => {
  const reactor = reactorOf();
  const [reader] = descriptors.pipe();
  const { path, server } = play(reactor, (connection) => {
    connection.writeDescriptors('{"version":1,"names":["a"]}\n', [reader]);
    if (kind === 'released') connection.write('released\n');
    else connection.writeDescriptors('.', [reader]);
  });
  const before = countDescriptors();
  const taken = await takeOver({ path, reactor });
  await server.called('close');
  await expect(taken?.confirm()).rejects.toMatchObject({ code: 'ERR_HANDOVER_FAILED' });
  must(sys.close(taken?.socket('a')?.fd ?? -1));
  expect(countDescriptors()).toBe(before);
});
