// An idle socket of the agent of node:http, over edgewise/net and over node:net.
import { once } from 'node:events';
import http from 'node:http';
import { describe } from 'vitest';
import { HOST, listening, type Net, nodeNet, sameUncut } from './both.ts';

const answer = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;

async function bodyOf(outgoing: http.ClientRequest): Promise<string> {
  const [incoming] = await once(outgoing, 'response');
  return String(Buffer.concat(await incoming.toArray()));
}

/** A server that gives each request an answer, and an agent that has an idle socket to it. */
async function idleSocket(net: Net) {
  const clients: nodeNet.Socket[] = [];
  const { server, port } = await listening(nodeNet, (client) => {
    clients.push(client.on('error', () => undefined));
    client.on('data', () => client.write(answer('right')));
  });
  const agent = new http.Agent({ keepAlive: true });
  Object.assign(agent, { createConnection: net.createConnection });
  const request = () => bodyOf(http.get({ port, host: HOST, agent }));
  const end = async () => {
    agent.destroy();
    await once(server.close(), 'close');
  };
  const free = once(agent, 'free');
  await request();
  const [socket] = (await free) as [nodeNet.Socket];
  return { socket, clients, request, end };
}

describe('the agent of node:http', () => {
  // Where it looks for that; older ones take it. What is on one loopback has come when it was written.
  sameUncut('does not use a socket again that holds an answer to no request', async (net) => {
    const { clients, request, end } = await idleSocket(net);
    clients[0]?.write(answer('wrong'));
    const text = await request();
    await end();
    return [text, clients.length];
  });
  sameUncut('does not take what came while the socket was idle for an answer', async (net) => {
    const { socket, clients, request, end } = await idleSocket(net);
    const before = socket.bytesRead;
    clients[0]?.write(answer('wrong'));
    while (!socket.destroyed && socket.bytesRead === before) await new Promise(setImmediate);
    const text = await request();
    await end();
    return text;
  });
});
