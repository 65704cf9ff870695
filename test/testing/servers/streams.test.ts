// `pipeline` of node:stream over connections of edgewise, on a simulated kernel.
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { listen } from '../../../src/index.ts';
import * as net from '../../../src/node-net/index.ts';
import { toDuplex } from '../../../src/stream/index.ts';
import type { Peer } from '../../../src/testing/index.ts';
import { numbered, PORT, SMALL } from '../examples/running.ts';
import { expectAllOrReset, expectNoConnection, simulating } from './running.ts';

type Stream = net.Socket | ReturnType<typeof toDuplex>;
/** What a server did with a connection: undefined when all went well, or the code of its error. */
type Outcomes = (string | undefined)[];

const TEXT = numbered(24_000);
/** Of each stream, so that one that does not stop reading is seen. */
const LITTLE = { highWaterMark: 1024 };
const INVERTED = invert(TEXT);

function invert(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => 255 - byte));
}

function inverting(): Transform {
  return new Transform({
    ...LITTLE,
    transform: (bytes: Buffer, _, done) => done(null, invert(bytes)),
  });
}

const SERVERS: Readonly<Record<string, (serve: (stream: Stream) => void) => void>> = {
  'toDuplex, level': (serve) => {
    listen({
      port: PORT,
      allowHalfOpen: true,
      handlers: { open: (c) => serve(toDuplex(c, LITTLE)) },
    });
  },
  'toDuplex, edge': (serve) => {
    const handlers = {
      open: (connection: Parameters<typeof toDuplex>[0]) => serve(toDuplex(connection, LITTLE)),
    };
    listen({ port: PORT, trigger: 'edge', handlers });
  },
  'edgewise/net': (serve) => {
    net.createServer({ ...LITTLE, allowHalfOpen: true }, serve).listen(PORT);
  },
};

describe.each(Object.keys(SERVERS))('pipeline over %s', (name) => {
  const startServer = (streams: Stream[] = []): Outcomes => {
    const outcomes: Outcomes = [];
    SERVERS[name]?.((stream) => {
      streams.push(stream);
      pipeline(stream, inverting(), stream).then(
        () => outcomes.push(undefined),
        ({ code }) => outcomes.push(code),
      );
    });
    return outcomes;
  };

  it('brings each byte through, and the end behind the last one', () =>
    simulating(async (sim) => {
      const outcomes = startServer();
      const clients = [await sim.connect(PORT), await sim.connect(PORT)];
      clients[0]?.end(TEXT);
      clients[1]?.write(TEXT);
      for (const client of clients) {
        expect((await client.read(TEXT.length)).equals(INVERTED)).toBe(true);
        client.end();
        expect([await client.text(), client.error]).toEqual(['', undefined]);
      }
      await expectNoConnection(sim);
      expect(outcomes).toEqual([undefined, undefined]);
    }));

  it('goes at the pace of the one that reads', () =>
    simulating(
      async (sim) => {
        const long = numbered(80_000);
        const streams: Stream[] = [];
        const outcomes = startServer(streams);
        const [slow, late] = [(await sim.connect(PORT)).slow(300), await sim.connect(PORT)];
        late.pause().end(long);
        slow.end(long);
        await sim.elapse('10s');
        expect(slow.received.equals(invert(long))).toBe(true);
        expect(streams.filter(({ bytesRead }) => bytesRead < long.length / 2)).toHaveLength(1);
        late.resume();
        expect((await late.bytes()).equals(invert(long))).toBe(true);
        await expectNoConnection(sim);
        expect(outcomes).toEqual([undefined, undefined]);
      },
      { buffers: SMALL, runs: 5 },
    ));

  it('fails by a reset, as itself or as an end that came too early, and leaves nothing', () =>
    simulating(
      async (sim) => {
        const outcomes = startServer();
        const clients = [await sim.connect(PORT), await sim.connect(PORT), await sim.connect(PORT)];
        const [early, middle, deaf] = clients as [Peer, Peer, Peer];
        early.reset();
        middle.write(TEXT);
        deaf.pause().end(TEXT);
        await middle.read(3000);
        middle.reset();
        await sim.elapse('1s');
        deaf.reset();
        await expectNoConnection(sim);
        expect(outcomes).toHaveLength(3);
        for (const code of outcomes)
          expect(code).toMatch(/^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/);
      },
      { buffers: SMALL },
    ));

  it('is all, or a beginning and a reset, whatever the network resets', () =>
    simulating(
      async (sim) => {
        const outcomes = startServer();
        for (let count = 0; count < 5; count++) {
          const client = await sim.connect(PORT);
          await client.end(TEXT).bytes();
          expectAllOrReset(client, INVERTED);
        }
        await expectNoConnection(sim);
        expect(outcomes.length).toBeLessThanOrEqual(5); // one that is reset at once is never there
      },
      { faults: { resets: 0.03 } },
    ));
});

describe('two pipelines between a client and a server behind', () => {
  const startProxy = (): Outcomes => {
    const outcomes: Outcomes = [];
    const options = { allowHalfOpen: true };
    const server = net.createServer(options, (client) => {
      const upstream = net.connect({ host: 'db', port: 5432, ...options });
      for (const way of [pipeline(client, upstream), pipeline(upstream, client)]) {
        way.then(
          () => outcomes.push(undefined),
          ({ code }) => outcomes.push(code),
        );
      }
    });
    server.listen(PORT);
    return outcomes;
  };

  it('carry both ways, and each end', () =>
    simulating(async (sim) => {
      sim.listen('db:5432', async (peer) => {
        peer.write(INVERTED);
        expect((await peer.bytes()).equals(TEXT)).toBe(true);
        peer.end(TEXT);
      });
      startProxy();
      const client = await sim.connect(PORT);
      expect((await client.read(TEXT.length)).equals(INVERTED)).toBe(true);
      client.end(TEXT);
      expect((await client.bytes()).equals(TEXT)).toBe(true);
      expect(client.error).toBe(undefined);
      await expectNoConnection(sim);
    }));

  it('fail when the server refuses or resets, and close the client', () =>
    simulating(async (sim) => {
      sim.listen('db:1', () => undefined);
      const outcomes = startProxy();
      const refused = await sim.connect(PORT);
      expect(await refused.text()).toBe('');
      expect(outcomes.splice(0)).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
      sim.listen('db:5432', (peer) => peer.write(TEXT));
      sim.reset('db:5432', { afterBytes: 5000 });
      const client = await sim.connect(PORT);
      const part = await client.bytes();
      expect(part.equals(TEXT.subarray(0, part.length))).toBe(true);
      await expectNoConnection(sim);
      expect(outcomes).toHaveLength(2);
      expect(outcomes).toContain('ECONNRESET');
    }));
});
