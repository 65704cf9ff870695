// The other servers of examples/ on a simulated kernel: what each client gets is what it should get, to the byte.
import { describe, expect, it } from 'vitest';
import type { Peer, Simulation } from '../../../src/testing/index.ts';
import { checkServer, numbered, PORT, SMALL } from './running.ts';

function connectAll(sim: Simulation, count: number): Promise<Peer[]> {
  return Promise.all(Array.from({ length: count }, () => sim.connect(PORT)));
}

/** Resolves when the server has taken all connections. */
async function untilAccepted(sim: Simulation, count: number): Promise<void> {
  while ((sim.calls.accept4 ?? 0) < count) await sim.elapse(10);
  await sim.settle();
}

describe('chat', () => {
  const messageOf = (index: number): string => `I am ${index}\n`;

  it('what one says goes to all others, whole and once', () =>
    checkServer('chat', async (sim) => {
      const clients = await connectAll(sim, 4);
      await untilAccepted(sim, 4);
      for (const [index, client] of clients.entries()) {
        client.write(messageOf(index));
        await sim.settle(); // one after the other: a message may be cut, and two may cross
      }
      for (const [index, client] of clients.entries()) {
        const heard = String(client.received).replaceAll(/guest \d+: /g, '');
        const others = clients.map((_, other) => messageOf(other)).filter((_, at) => at !== index);
        expect(heard.split('').sort()).toEqual(others.join('').split('').sort());
        client.end();
      }
      await Promise.all(clients.map((client) => client.text()));
    }));

  it('one that does not read is dropped, and only that one', () =>
    checkServer(
      'chat',
      async (sim) => {
        const [speaker, listener, deaf] = (await connectAll(sim, 3)) as [Peer, Peer, Peer];
        await untilAccepted(sim, 3);
        deaf.pause();
        const text = Buffer.alloc(2_000_000, 'x');
        speaker.end(text);
        await sim.settle();
        deaf.resume();
        await deaf.bytes();
        expect(deaf.received.length).toBeLessThan(text.length);
        const heard = String(listener.received).replaceAll(/guest \d+: /g, '');
        expect(heard.length).toBe(text.length);
        listener.end();
        await listener.bytes();
      },
      { runs: 3, faults: { shortReads: 0, cut: 0 } },
    ));

  it('goes on when members leave by a reset in the middle of a talk', () =>
    checkServer(
      'chat',
      async (sim) => {
        const clients = await connectAll(sim, 5);
        await untilAccepted(sim, 5);
        const [speaker, ...others] = clients as [Peer, ...Peer[]];
        speaker.write(Buffer.alloc(20_000, 'x'));
        others[0]?.reset();
        await sim.elapse('3ms');
        others[1]?.pause().reset();
        await sim.settle();
        for (const other of others.slice(2)) {
          expect(String(other.received).replaceAll(/guest \d+: /g, '').length).toBe(20_000);
        }
        for (const client of clients) client.end();
      },
      { buffers: SMALL },
    ));
});

describe.each(['discard', 'discard-edge'])('%s', (name) => {
  it('counts each byte of each client, and answers nothing', () =>
    checkServer(name, async (sim, { lines }) => {
      const clients = await connectAll(sim, 3);
      for (const [index, client] of clients.entries()) client.end(numbered(4000 * (index + 1)));
      for (const client of clients) expect(await client.text()).toBe('');
      expect([...lines].sort().slice(0, 3)).toEqual([
        'discarded 12000 bytes, then the end',
        'discarded 4000 bytes, then the end',
        'discarded 8000 bytes, then the end',
      ]);
    }));

  it('a reset is an end as well', () =>
    checkServer(name, async (sim, { lines }) => {
      const client = await sim.connect(PORT);
      client.write('12345');
      await sim.settle();
      client.reset();
      await sim.settle();
      expect(lines[1]).toBe('discarded 5 bytes, then ECONNRESET');
    }));

  it('clients come although descriptors run out for a while', () =>
    checkServer(name, async (sim, { lines }) => {
      sim.fail('accept4', 'EMFILE', { times: 3 });
      for (const client of await connectAll(sim, 3)) client.end('x');
      while (lines.length < 4) await sim.elapse(50);
    }));
});

describe('daytime', () => {
  it('sends one line, and ends in order whatever it was sent', () =>
    checkServer(
      'daytime',
      async (sim) => {
        const client = await sim.connect(PORT);
        client.write(numbered(8000));
        expect(await client.text()).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n$/);
        client.end();
        await sim.settle();
        expect(client.error).toBe(undefined);
      },
      { faults: { shortWrites: 0 } }, // the first line of a connection always has room
    ));

  it('hangs up two seconds later on a client that never ends its side', () =>
    checkServer('daytime', async (sim) => {
      const client = await sim.connect(PORT);
      await client.text();
      await sim.elapse('1900ms');
      expect(sim.descriptors.open.filter((what) => what.startsWith('connection'))).toHaveLength(1);
      await sim.elapse('200ms');
      expect(sim.descriptors.open.filter((what) => what.startsWith('connection'))).toEqual([]);
    }));
});

describe('chargen', () => {
  it('sends the pattern without a gap, at the pace of each client', () =>
    checkServer(
      'chargen',
      async (sim) => {
        const [slow, quick] = (await connectAll(sim, 2)) as [Peer, Peer];
        slow.slow(400);
        const ring = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');
        const line = (at: number): string => `${(ring + ring).slice(at % 95, (at % 95) + 72)}\r\n`;
        const expected = Array.from({ length: 100 }, (_, at) => line(at)).join('');
        expect(String(await quick.read(7400))).toBe(expected);
        quick.reset();
        expect(String(await slow.read(3700))).toBe(expected.slice(0, 3700));
        slow.reset();
      },
      { buffers: SMALL, runs: 20 },
    ));
});
