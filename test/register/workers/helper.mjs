// What cases.mjs starts: a child process, a worker of a cluster, a thread.
import cluster from 'node:cluster';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { parentPort } from 'node:worker_threads';

const HOST = '127.0.0.1';
const roles = {
  cat: () => process.stdin.pipe(process.stdout),

  messages: () => process.on('message', ({ map }) => process.send([...map].length)),

  async worker() {
    const server = http.createServer((_, response) => response.end(`${server.listening}`));
    // Each ends its connection: a worker has to end when it is disconnected.
    server.keepAliveTimeout = 1;
    server.listen(0, HOST);
    await once(server, 'listening');
    process.send({ port: server.address().port });
    cluster.worker.on('disconnect', () => server.closeAllConnections());
  },

  async thread() {
    const server = net.createServer((socket) => socket.end('from a thread')).listen(0, HOST);
    await once(server, 'listening');
    const client = net.connect(server.address().port, HOST);
    let text = '';
    for await (const chunk of client) text += chunk;
    server.close();
    await once(server, 'close');
    parentPort.postMessage(text);
  },
};

await roles[process.argv[2]]();
