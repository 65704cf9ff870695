// node:http, undici, fetch, node:http2 and ws over our streams, both ends.
import { once } from 'node:events';
import {
  createServer,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type Server,
} from 'node:http';
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  constants as http2Constants,
} from 'node:http2';
import { Agent, fetch, request } from 'undici';
import { expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { volume } from '../helpers/cuts.ts';
import { eachTriggerOf, HOST, type Sides, textOf } from './sides.ts';

const LONG = 'edgewise '.repeat(volume(40_000));

/** Answers with what it was sent. */
function echoServer(): Server {
  return createServer((incoming, response) => {
    response.setHeader('x-method', incoming.method ?? '');
    incoming.pipe(response);
  });
}

function serveHttp({ serve, descriptors }: Sides, server: Server): number {
  descriptors.using({ close: () => server.closeAllConnections() });
  return serve((stream) => server.emit('connection', stream));
}

/** The connector of an undici dispatcher. */
function undiciAgent({ dial }: Sides): Agent {
  return new Agent({
    connect: ({ port }, callback) => {
      const stream = dial(Number(port));
      stream.once('connect', () => callback(null, stream as never));
      stream.once('error', (error) => callback(error, null));
    },
  });
}

eachTriggerOf('node:http', (sides) => {
  it('serves requests, long and short, over one kept connection', async () => {
    const port = serveHttp(sides, echoServer());
    let dialled = 0;
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    Object.assign(agent, {
      createConnection: () => {
        dialled++;
        return sides.dial(port);
      },
    });
    for (const body of ['short', LONG, '']) {
      const outgoing = httpRequest({ host: HOST, port, agent, method: 'POST' });
      outgoing.end(body);
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
      expect(await textOf(incoming)).toBe(body);
    }
    expect(dialled).toBe(1);
    agent.destroy();
  });

  it('answers pipelined requests in order', async () => {
    const port = serveHttp(sides, echoServer());
    const stream = sides.dial(port);
    const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n`;
    stream.end(`${request('/1')}\r\n${request('/2')}Connection: close\r\n\r\n`);
    const text = await textOf(stream);
    expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
  });

  it('ends a connection that is idle for too long', async () => {
    const server = echoServer();
    server.keepAliveTimeout = 20;
    const port = serveHttp(sides, server);
    const stream = sides.dial(port);
    stream.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await textOf(stream)).toContain('200 OK');
    stream.destroy(); // what iterates a stream to its end leaves our side open, on some Nodes
  });
});

eachTriggerOf('undici', (sides) => {
  it('requests and fetches over a connector', async () => {
    const port = serveHttp(sides, echoServer());
    const dispatcher = undiciAgent(sides);
    const url = `http://${HOST}:${port}/`;
    const { body, statusCode } = await request(url, { dispatcher, method: 'POST', body: LONG });
    expect([statusCode, await body.text()]).toEqual([200, LONG]);
    const response = await fetch(url, { dispatcher, method: 'PUT', body: 'fetched' });
    expect([response.headers.get('x-method'), await response.text()]).toEqual(['PUT', 'fetched']);
    await dispatcher.close();
  });
});

eachTriggerOf('node:http2', (sides) => {
  it('carries many streams over one connection', async () => {
    const server = createHttp2Server((incoming, response) => incoming.pipe(response));
    const port = sides.serve((stream) => server.emit('connection', stream));
    const session = connectHttp2(`http://${HOST}:${port}`, {
      createConnection: () => sides.dial(port),
    });
    const bodies = Array.from({ length: 20 }, (_, index) =>
      `${index} `.repeat(volume(index * 1000) + 1),
    );
    const answers = bodies.map((body) => {
      const stream = session.request({ [http2Constants.HTTP2_HEADER_METHOD]: 'POST' });
      stream.end(body);
      return textOf(stream);
    });
    expect(await Promise.all(answers)).toEqual(bodies);
    session.close();
    await once(session, 'close');
  });
});

eachTriggerOf('ws', (sides) => {
  it('exchanges messages both ways, long and short', async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    const port = serveHttp(sides, server);
    const client = new WebSocket(`ws://${HOST}:${port}/`, {
      createConnection: (() => sides.dial(port)) as never,
    });
    await once(client, 'open');
    for (const message of ['short', LONG, '']) {
      client.send(message);
      const [data] = await once(client, 'message');
      expect(String(data)).toBe(message);
    }
    client.close(1000);
    const [code] = await once(client, 'close');
    expect(code).toBe(1000);
    sockets.close();
  });
});
