// ws: messages both ways, pings, fragments, compression, and WebSocket over TLS.
import { once } from 'node:events';
import https from 'node:https';
import WebSocket, { WebSocketServer } from 'ws';
import { certificate, closed, HOST, LONG, portOf } from './help.mjs';

async function talk(url, options) {
  const client = new WebSocket(url, options);
  await once(client, 'open');
  const heard = [];
  for (const message of ['short', LONG, '']) {
    client.send(message);
    const [data] = await once(client, 'message');
    heard.push(String(data) === message);
  }
  client.ping('p');
  heard.push(String((await once(client, 'pong'))[0]));
  client.close(1000, 'bye');
  const [code, reason] = await once(client, 'close');
  return [...heard, code, String(reason)];
}

function echo(sockets) {
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
}

export async function run() {
  const plain = new WebSocketServer({ host: HOST, port: 0, perMessageDeflate: true });
  echo(plain);
  await once(plain, 'listening');
  const open = await talk(`ws://${HOST}:${plain.address().port}`);
  plain.close();
  const server = https.createServer(certificate());
  echo(new WebSocketServer({ server }));
  server.listen(0, HOST);
  const secure = await talk(`wss://${HOST}:${await portOf(server)}`, { rejectUnauthorized: false });
  await closed(server);
  return { open, secure };
}
