// socket.io with its client: long polling that is upgraded to WebSocket, rooms, acknowledgements, binary.

import { once } from 'node:events';
import http from 'node:http';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { HOST, LONG, portOf } from './help.mjs';

export async function run() {
  const server = http.createServer();
  const sockets = new Server(server);
  sockets.on('connection', (socket) => {
    socket.on('join', (room, acknowledge) => {
      socket.join(room);
      acknowledge([...socket.rooms].length);
    });
    socket.on('say', (room, text) => sockets.to(room).emit('said', text));
    socket.on('bytes', (bytes, acknowledge) => acknowledge(bytes.length));
  });
  server.listen(0, HOST);
  const url = `http://${HOST}:${await portOf(server)}`;
  const clients = [io(url), io(url, { forceNew: true, transports: ['websocket'] })];
  await Promise.all(clients.map((client) => once(client, 'connect')));
  const upgraded = clients[0].io.engine.transport.name === 'websocket';
  if (!upgraded) await once(clients[0].io.engine, 'upgrade');
  const joined = await Promise.all(clients.map((client) => client.emitWithAck('join', 'room')));
  const heard = Promise.all(clients.map((client) => once(client, 'said')));
  clients[0].emit('say', 'room', LONG);
  const said = (await heard).map(([text]) => text === LONG);
  const bytes = await clients[1].emitWithAck('bytes', Buffer.alloc(300_000, 'x'));
  const transports = clients.map((client) => client.io.engine.transport.name);
  for (const client of clients) client.disconnect();
  await sockets.close();
  return { joined, said, bytes, transports };
}
