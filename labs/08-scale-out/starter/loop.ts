// One thread of the pool: a reactor of its own, and the connections that are its own. Lab 8: tasks a to c.
import { parentPort } from 'node:worker_threads';
import { Reactor } from 'edgewise';
import { LineClient } from './lines.ts';

const reactor = new Reactor();
reactor.attach(); // beside the messages of the main thread
const clients = new Set<LineClient>();

parentPort?.on('message', (fd: number) => {
  // Task a: which thread closes the descriptor when the client has left? Not two, and not none.
  clients.add(new LineClient(reactor, fd, (client) => clients.delete(client)));
});
