// node:http over edgewise/net, server and client, beside node:http over node:net.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { serveHttp } from '../../src/stream/serve-http.ts';
import { itUncut, volume } from '../helpers/cuts.ts';
import { HOST, type Net, nodeNet, ours } from './both.ts';

/** One of the two: how a server listens, and how an agent connects. */
interface Side {
  listen(server: http.Server): void;
  agent(options?: http.AgentOptions): http.Agent;
  readonly net: Net;
}

const sideOf = (net: Net, listen: Side['listen']): Side => ({
  net,
  listen,
  agent: (options) => {
    const agent = new http.Agent(options);
    // Beneath the agent's own, which counts and reuses its sockets.
    Object.assign(agent, { createConnection: net.createConnection });
    return agent;
  },
});
const NODE = sideOf(nodeNet, (server) => server.listen(0, HOST));
const OURS = sideOf(ours, (server) => serveHttp(server, { host: HOST }));

const bodyOf = (run: (side: Side) => Promise<unknown>) => async () => {
  const result = await run(OURS);
  expect(result).toEqual(await run(NODE));
  expect(result).toBeDefined();
};

function same(title: string, run: (side: Side) => Promise<unknown>): void {
  it(title, bodyOf(run));
}

// What is written right before the socket is destroyed has left only when one write takes it all.
function sameUncut(title: string, run: (side: Side) => Promise<unknown>): void {
  itUncut(title, bodyOf(run));
}

async function serving(side: Side, onRequest: http.RequestListener, options: object = {}) {
  const server = http.createServer(options, onRequest);
  side.listen(server);
  if (!server.listening || side.net === ours) await once(server, 'listening');
  return { server, port: (server.address() as nodeNet.AddressInfo).port };
}

async function ended(server: http.Server, ...agents: readonly http.Agent[]): Promise<void> {
  for (const agent of agents) agent.destroy();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString();
}

async function answerOf(outgoing: http.ClientRequest): Promise<[number | undefined, string]> {
  const [incoming] = await once(outgoing, 'response');
  return [incoming.statusCode, await textOf(incoming)];
}

/** What a raw client gets for `text` until the server closes. */
async function rawAnswer(net: Net, port: number, text: string): Promise<string> {
  const client = net.connect(port, HOST);
  client.write(text);
  return textOf(client);
}

describe('node:http', () => {
  same('keeps connections, and uses them again', async (side) => {
    let connections = 0;
    const { server, port } = await serving(side, (incoming, response) => incoming.pipe(response));
    server.on('connection', () => connections++);
    const agent = side.agent({ keepAlive: true, maxSockets: 1 });
    const answers = [];
    for (const body of ['one', 'two', 'x'.repeat(volume(200_000))]) {
      const outgoing = http.request({ host: HOST, port, agent, method: 'POST' });
      outgoing.end(body);
      answers.push((await answerOf(outgoing))[1] === body, outgoing.reusedSocket);
    }
    await ended(server, agent);
    return [answers, connections];
  });

  same('shares the connections of an agent among requests that wait', async (side) => {
    const { server, port } = await serving(side, (incoming, response) => {
      setImmediate(() => response.end(incoming.url));
    });
    const agent = side.agent({ keepAlive: true, maxSockets: 2, maxFreeSockets: 1 });
    const paths = Array.from({ length: 8 }, (_, i) => `/${i}`);
    const answers = await Promise.all(
      paths.map((path) => answerOf(http.get({ host: HOST, port, agent, path }))),
    );
    await ended(server, agent);
    return answers;
  });

  same('makes a request again when a kept connection was closed meanwhile', async (side) => {
    const { server, port } = await serving(side, (_incoming, response) => response.end('x'));
    const agent = side.agent({ keepAlive: true });
    const first = http.get({ host: HOST, port, agent });
    const socket = once(first, 'socket');
    await answerOf(first);
    const gone = once((await socket)[0], 'close');
    server.closeAllConnections();
    await gone;
    const [status, text] = await answerOf(http.get({ host: HOST, port, agent }));
    await ended(server, agent);
    return [status, text];
  });

  same('emits timeout of a request, whose socket stays open', async (side) => {
    const { server, port } = await serving(side, () => undefined);
    const agent = side.agent();
    const outgoing = http.get({ host: HOST, port, agent, timeout: 30 });
    outgoing.on('error', () => undefined);
    await once(outgoing, 'timeout');
    const state = [outgoing.destroyed, outgoing.socket?.destroyed];
    outgoing.destroy();
    await ended(server, agent);
    return state;
  });

  same('emits timeout of a server, which destroys the socket by default', async (side) => {
    const { server, port } = await serving(side, () => undefined);
    server.setTimeout(30);
    const agent = side.agent();
    const outgoing = http.get({ host: HOST, port, agent });
    const [error] = await once(outgoing, 'error');
    await ended(server, agent);
    return error.code;
  });

  same('upgrades on both sides, with what came along', async (side) => {
    const { server, port } = await serving(side, () => undefined);
    server.on('upgrade', (_incoming, socket: Duplex, head: Buffer) => {
      socket.write('HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
      socket.write(head);
      socket.pipe(socket);
    });
    const headers = { Connection: 'Upgrade', Upgrade: 'x' };
    const agent = side.agent();
    const outgoing = http.get({ host: HOST, port, agent, headers });
    const [incoming, socket] = await once(outgoing, 'upgrade');
    socket.end('hello');
    const text = await textOf(socket);
    await ended(server, agent);
    return [incoming.statusCode, text];
  });

  same('connects through CONNECT', async (side) => {
    const { server, port } = await serving(side, () => undefined);
    server.on('connect', (_incoming, socket: Duplex) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(socket);
    });
    const agent = side.agent();
    const outgoing = http.request({ host: HOST, port, agent, method: 'CONNECT', path: 'x:1' });
    outgoing.end();
    const [incoming, socket] = await once(outgoing, 'connect');
    socket.end('hello');
    const text = await textOf(socket);
    await ended(server, agent);
    return [incoming.statusCode, text];
  });

  same('reports a client that goes in the middle of its body', async (side) => {
    const events: string[] = [];
    const { server, port } = await serving(side, (incoming) => {
      incoming.on('error', ({ code }: NodeJS.ErrnoException) => events.push(`error ${code}`));
      incoming.on('close', () => events.push(`close ${incoming.complete}`));
      incoming.once('data', () => outgoing.destroy()).resume();
    });
    const agent = side.agent();
    const outgoing = http.request({ host: HOST, port, agent, method: 'POST' });
    outgoing.on('error', ({ code }: NodeJS.ErrnoException) => events.push(`client ${code}`));
    outgoing.write('some');
    while (events.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    await ended(server, agent);
    return events.sort();
  });

  sameUncut('reports a server that goes in the middle of its answer', async (side) => {
    const { server, port } = await serving(side, (_incoming, response) => {
      response.write('some');
      response.once('finish', () => undefined);
      setImmediate(() => response.destroy());
    });
    const agent = side.agent();
    const [incoming] = await once(http.get({ host: HOST, port, agent }), 'response');
    const [error] = await once(incoming.resume(), 'error');
    await ended(server, agent);
    return [error.code, incoming.complete];
  });

  same('aborts by a signal', async (side) => {
    const { server, port } = await serving(side, () => undefined);
    const controller = new AbortController();
    const agent = side.agent();
    const outgoing = http.get({ host: HOST, port, agent, signal: controller.signal });
    const failed = once(outgoing, 'error');
    setImmediate(() => controller.abort());
    const [error] = await failed;
    await ended(server, agent);
    return error.code;
  });

  same('asks before it sends a body, and goes on or not', async (side) => {
    const { server, port } = await serving(side, (incoming, response) => incoming.pipe(response));
    server.on('checkContinue', (incoming, response) => {
      if (incoming.url === '/no') {
        response.writeHead(417).end();
        return;
      }
      response.writeContinue();
      incoming.pipe(response);
    });
    const agent = side.agent();
    const headers = { Expect: '100-continue' };
    const common = { host: HOST, port, agent, method: 'POST', headers };
    const yes = http.request({ ...common, path: '/yes' });
    yes.flushHeaders();
    await once(yes, 'continue');
    yes.end('body');
    const no = http.request({ ...common, path: '/no' });
    no.flushHeaders();
    const answers = [await answerOf(yes), await answerOf(no)];
    no.destroy();
    await ended(server, agent);
    return answers;
  });

  same('answers requests of a pipeline in their order', async (side) => {
    const { server, port } = await serving(side, (incoming, response) => {
      const answer = () => response.end(`answer ${incoming.url};`);
      if (incoming.url === '/1') setTimeout(answer, 10);
      else answer();
    });
    const requests = [1, 2, 3].map((i) => `GET /${i} HTTP/1.1\r\nHost: x\r\n\r\n`).join('');
    const last = 'GET /4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const text = await rawAnswer(side.net, port, requests + last);
    await ended(server);
    return text.match(/answer \/\d;/g);
  });

  sameUncut('refuses what is no HTTP', async (side) => {
    const { server, port } = await serving(side, () => undefined);
    const text = await rawAnswer(side.net, port, 'what is this\r\n\r\n');
    await ended(server);
    return text.split('\r\n')[0];
  });

  same('sends chunks with trailers, and as fast as they are read', async (side) => {
    const size = volume(2_000_000);
    const { server, port } = await serving(side, (_incoming, response) => {
      response.setHeader('Trailer', 'x-sum');
      let left = size;
      const write = () => {
        while (left > 0 && response.write('x'.repeat(Math.min(left, 10_000)))) left -= 10_000;
        if (left > 0) response.once('drain', write);
        left -= 10_000;
        if (left > -20_000 && left <= 0 && !response.writableEnded) {
          response.addTrailers({ 'x-sum': 'all' });
          response.end();
        }
      };
      write();
    });
    const agent = side.agent();
    const [incoming] = await once(http.get({ host: HOST, port, agent }), 'response');
    const text = await textOf(incoming);
    await ended(server, agent);
    return [text.length > 0, incoming.trailers];
  });

  same('closes idle connections, and those only', async (side) => {
    let finish: (() => void) | undefined;
    const { server, port } = await serving(
      side,
      (incoming, response) => {
        if (incoming.url === '/slow') finish = () => response.end('slow');
        else response.end('quick');
      },
      { keepAliveTimeout: 60_000 },
    );
    const [idle, busy] = [side.agent({ keepAlive: true }), side.agent({ keepAlive: true })];
    const quick = http.get({ host: HOST, port, agent: idle });
    const socket = once(quick, 'socket');
    await answerOf(quick);
    const slow = answerOf(http.get({ host: HOST, port, agent: busy, path: '/slow' }));
    while (finish === undefined) await new Promise((resolve) => setImmediate(resolve));
    const gone = once((await socket)[0], 'close');
    server.closeIdleConnections();
    await gone;
    finish();
    const answer = await slow;
    await ended(server, idle, busy);
    return answer;
  });

  same('knows the address of the client', async (side) => {
    const { server, port } = await serving(side, (incoming, response) => {
      const { remoteAddress, remoteFamily, remotePort, localPort } = incoming.socket;
      response.end(
        JSON.stringify([remoteAddress, remoteFamily, typeof remotePort, typeof localPort]),
      );
    });
    const agent = side.agent();
    const answer = await answerOf(http.get({ host: HOST, port, agent }));
    await ended(server, agent);
    return answer;
  });

  // A program that has closed its server ends, whatever its agent keeps.
  it.each(['unused', 'kept', 'requested'])('lets the process end: %s', (way) => {
    const url = (path: string) => new URL(`../../dist/${path}`, import.meta.url).href;
    const program = `
      import http from 'node:http';
      import net from '${url('node-net/index.js')}';
      import { serveHttp } from '${url('stream/index.js')}';
      const server = http.createServer((_q, response) => response.end('x'));
      serveHttp(server, { host: '${HOST}' });
      const agent = new http.Agent({ keepAlive: ${way === 'kept'} });
      agent.createConnection = net.createConnection;
      server.on('listening', () => {
        if ('${way}' === 'unused') { server.unref(); return; }
        http.get({ host: '${HOST}', port: server.address().port, agent }, (incoming) => {
          incoming.resume().on('end', () => { server.close(); console.log('done'); });
        });
      });
    `;
    const options = { encoding: 'utf8', timeout: 20_000 } as const;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', program],
      options,
    );
    expect([status, stderr]).toEqual([0, '']);
  });
});
