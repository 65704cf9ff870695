// node:http over connections of edgewise, server and client, on a simulated kernel: messages that are cut and late,
// kept connections, resets in the middle of a body.
import { once } from 'node:events';
import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import * as net from '../../../src/node-net/index.ts';
import { serveHttp } from '../../../src/stream/index.ts';
import type { Peer, Simulation } from '../../../src/testing/index.ts';
import { numbered, PORT, SMALL } from '../examples/running.ts';
import { expectAllOrReset, expectNoConnection, simulating } from './running.ts';

const BODY = numbered(24_000);
const LATIN = BODY.toString('latin1');

/** Answers with what was sent, or with `BODY`. */
async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return; // the client has gone
  }
  response.sendDate = false;
  response.end(request.method === 'POST' ? Buffer.concat(chunks) : BODY);
}

const requests: { url: string | undefined; error: string | undefined }[] = [];
afterEach(() => requests.splice(0));

function startServer(): http.Server {
  const server = http.createServer((request, response) => {
    const seen = { url: request.url, error: undefined as string | undefined };
    requests.push(seen);
    request.on('error', ({ code }: NodeJS.ErrnoException) => {
      seen.error = code;
    });
    void answer(request, response);
  });
  return serveHttp(server, { port: PORT });
}

interface Answer {
  readonly head: string;
  readonly body: string;
}

/** The next answer that a peer gets. */
async function answerTo(client: Peer): Promise<Answer> {
  const lines: string[] = [];
  for (let line = await client.line(); line !== '\r'; line = await client.line()) {
    expect(line.endsWith('\r'), `a whole line: '${line}'`).toBe(true);
    lines.push(line.trim());
  }
  const length = Number(/^Content-Length: (\d+)$/m.exec(lines.join('\n'))?.[1]);
  return { head: lines[0] ?? '', body: (await client.read(length)).toString('latin1') };
}

const post = (body: string, path = '/'): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const OK = 'HTTP/1.1 200 OK';

describe('a server', () => {
  it.each([
    ['a length', post('hello')],
    [
      'chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
    ],
  ])('answers a request with %s that is cut at any byte', (_what, message) =>
    simulating(
      async (sim) => {
        const server = startServer();
        const clients: Peer[] = [];
        for (let at = 1; at < message.length; at++) {
          const client = await sim.connect(PORT);
          clients.push(client.write(message.slice(0, at)));
        }
        await sim.elapse('1s');
        for (const [index, client] of clients.entries()) {
          expect(String(client.received)).toBe('');
          client.write(message.slice(index + 1));
        }
        for (const client of clients) {
          expect(await answerTo(client)).toEqual({ head: OK, body: 'hello' });
          client.end();
          expect([await client.text(), client.error]).toEqual(['', undefined]);
        }
        await expectNoConnection(sim);
        server.close();
      },
      { runs: 4 },
    ),
  );

  it('answers what is sent ahead in its order, and closes a connection that no one uses', () =>
    simulating(async (sim) => {
      const server = startServer();
      const client = await sim.connect(PORT);
      const bodies = ['a', LATIN, '', 'b'];
      client.write(Buffer.from(bodies.map((body) => post(body)).join(''), 'latin1'));
      for (const body of bodies) expect(await answerTo(client)).toEqual({ head: OK, body });
      const sinceMs = sim.now;
      await sim.elapse('3s');
      client.write(GET);
      expect(await answerTo(client)).toEqual({ head: OK, body: LATIN });
      expect([await client.text(), client.error]).toEqual(['', undefined]);
      expect(sim.now - sinceMs).toBeGreaterThan(3000 + server.keepAliveTimeout);
      await expectNoConnection(sim);
      server.close();
    }));

  it('has an error of clients that reset in a request or in an answer, and serves the others', () =>
    simulating(
      async (sim) => {
        const server = startServer();
        const clients = await Promise.all(Array.from({ length: 4 }, () => sim.connect(PORT)));
        const [inHead, inBody, inAnswer, polite] = clients as [Peer, Peer, Peer, Peer];
        inHead.write('GET / HT');
        inBody.write(post(LATIN, '/body').slice(0, 1000));
        inAnswer.pause().write(GET);
        polite.slow(500).write(GET);
        await sim.elapse('1s');
        for (const rude of [inHead, inBody, inAnswer]) rude.reset();
        expect(await answerTo(polite)).toEqual({ head: OK, body: LATIN });
        polite.end();
        expect(await polite.text()).toBe('');
        await expectNoConnection(sim);
        expect(requests.splice(0).filter(({ error }) => error !== undefined)).toEqual([
          { url: '/body', error: 'ECONNRESET' },
        ]);
        server.close();
      },
      { buffers: SMALL },
    ));

  it('takes all clients although descriptors run out for a while', () =>
    simulating(async (sim) => {
      const server = startServer();
      sim.fail('accept4', 'EMFILE', { times: 3 });
      const clients = await Promise.all(Array.from({ length: 5 }, () => sim.connect(PORT)));
      for (const client of clients)
        client.end(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      for (const client of clients) expect((await answerTo(client)).body === LATIN).toBe(true);
      await expectNoConnection(sim);
      server.close();
    }));

  it('sends all of an answer or has it reset, whatever the network does', () =>
    simulating(
      async (sim) => {
        const server = startServer();
        for (let count = 0; count < 5; count++) {
          const client = await sim.connect(PORT);
          client.write(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
          await client.bytes();
          const end = client.received.indexOf('\r\n\r\n');
          const got = { received: client.received.subarray(end + 4), error: client.error };
          if (end > 0) expectAllOrReset(got as Peer, BODY);
          else expect(client.error).toBe('ECONNRESET');
        }
        await expectNoConnection(sim);
        server.close();
      },
      { buffers: SMALL, faults: { resets: 0.02 } },
    ));
});

function agentOf(options: http.AgentOptions = {}): http.Agent {
  return Object.assign(new http.Agent(options), { createConnection: net.createConnection });
}

interface Got {
  readonly status: number | undefined;
  readonly body: Buffer;
  /** The code of what has ended it. */
  readonly error: string | undefined;
}

/** One request to `db`; what came of its answer. */
async function ask(agent: http.Agent, body?: Buffer, port = 80): Promise<Got> {
  const method = body === undefined ? 'GET' : 'POST';
  const outgoing = http.request({ host: 'db', port, agent, method }).end(body);
  outgoing.on('error', () => undefined); // of an answer that is under way, the reset is that of both
  const chunks: Buffer[] = [];
  let status: number | undefined;
  try {
    const [incoming] = (await once(outgoing, 'response')) as [http.IncomingMessage];
    status = incoming.statusCode;
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    return { status, body: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { status, body: Buffer.concat(chunks), error: code };
  }
}

/** A server of plain peers: `serve` gets each request's head. @returns its connections so far. */
function startPeers(sim: Simulation, serve: (peer: Peer, index: number) => void): Peer[] {
  const peers: Peer[] = [];
  sim.listen('db:80', async (peer) => {
    const index = peers.push(peer) - 1;
    for (;;) {
      let line = await peer.line();
      while (line !== '\r' && line !== '') line = await peer.line();
      if (line === '') return; // the end
      serve(peer, index);
    }
  });
  return peers;
}

const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n`;

describe('a client', () => {
  it('gets each answer, on one connection that is kept', () =>
    simulating(async (sim) => {
      const peers = startPeers(sim, (peer) => peer.write(HEAD).write(BODY));
      const agent = agentOf({ keepAlive: true });
      for (let count = 0; count < 3; count++) {
        const { status, body, error } = await ask(agent);
        expect([status, body.equals(BODY), error]).toEqual([200, true, undefined]);
        await sim.elapse('1s');
      }
      expect(peers).toHaveLength(1);
      agent.destroy();
      await expectNoConnection(sim);
    }));

  it('makes a new connection when the kept one was closed or reset meanwhile', () =>
    simulating(async (sim) => {
      const peers = startPeers(sim, (peer) => peer.write(HEAD).write(BODY));
      const agent = agentOf({ keepAlive: true });
      for (const leave of [
        (peer: Peer) => peer.end(),
        (peer: Peer) => peer.reset(),
        () => undefined,
      ]) {
        const { body, error } = await ask(agent);
        expect([body.equals(BODY), error]).toEqual([true, undefined]);
        leave(peers.at(-1) as Peer);
        await sim.elapse('1s');
      }
      expect(peers).toHaveLength(3);
      agent.destroy();
      await expectNoConnection(sim);
    }));

  it('has an error when an answer ends or is reset in its middle, with what came before', () =>
    simulating(async (sim) => {
      const ends = [(peer: Peer) => peer.end(), (peer: Peer) => peer.reset()];
      startPeers(sim, (peer, index) => {
        peer.write(HEAD).write(BODY.subarray(0, 9000));
        sim.at(sim.now + 500, () => ends[index]?.(peer));
      });
      const agent = agentOf();
      for (const _ of ends) {
        const { status, body, error } = await ask(agent);
        expect([status, error]).toEqual([200, 'ECONNRESET']);
        expect(body.equals(BODY.subarray(0, 9000))).toBe(true);
      }
      await expectNoConnection(sim);
    }));

  it('has the error of a connection that was refused', () =>
    simulating(async (sim) => {
      startPeers(sim, () => undefined);
      expect((await ask(agentOf(), undefined, 81)).error).toBe('ECONNREFUSED');
      await expectNoConnection(sim);
    }));

  it('sends and gets all, or has an error, from a server that is ours as well', () =>
    simulating(
      async (sim) => {
        sim.listen('db:1', () => undefined); // it has a name
        const server = startServer();
        const agent = Object.assign(new http.Agent({ keepAlive: true, maxSockets: 3 }), {
          createConnection: (options: object) =>
            net.createConnection({ ...options, host: '127.0.0.1', port: PORT }),
        });
        const all = await Promise.all(Array.from({ length: 6 }, () => ask(agent, BODY)));
        for (const { status, body, error } of all) {
          if (error === undefined) expect([status, body.equals(BODY)]).toEqual([200, true]);
          else expect(error).toMatch(/^(ECONNRESET|EPIPE)$/);
        }
        agent.destroy();
        await expectNoConnection(sim);
        server.close();
      },
      { buffers: SMALL, faults: { resets: 0.005 } },
    ));
});
