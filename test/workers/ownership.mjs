// A worker that opens a descriptor in one way (`workerData.kind`), posts its number, and waits for its
// end. `closes`: past the library, so that the number is free.
import { closeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { bindDatagram, listen } from '../../dist/index.js';
import net from '../../dist/node-net/index.js';
import * as sys from '../../dist/sys/index.js';

const { AF_INET, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK, O_NONBLOCK } = sys.constants;
const HOST = '127.0.0.1';
const { kind, path, closes = false, disowns = false } = workerData;

function pairOf(make) {
  const fds = new Int32Array(2);
  make(fds);
  return [...fds];
}

function inet(type) {
  const fd = sys.socket(AF_INET, type | SOCK_NONBLOCK);
  sys.bind(fd, { address: HOST });
  return fd;
}

function listening() {
  const fd = inet(SOCK_STREAM);
  sys.listen(fd);
  return fd;
}

const OPEN = {
  socket: () => [sys.socket(AF_UNIX, SOCK_STREAM)],
  listener: () => [listening()],
  datagram: () => [inet(SOCK_DGRAM)],
  pair: () => pairOf((fds) => sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds)),
  pipe: () => pairOf((fds) => sys.pipe2(fds, O_NONBLOCK)),
  listen: () => [listen({ host: HOST, handlers: {} }).port],
  bindDatagram: () => [bindDatagram({ host: HOST, handlers: {} }).address.port],
  path: () => [listen({ path, handlers: {} }).port],
  'released path': () => [listen({ path, handlers: {} }).release()],
  server: () =>
    new Promise((resolve) => {
      const server = net.createServer().listen(0, HOST, () => resolve([server.address().port]));
    }),
};

const numbers = await OPEN[kind]();
if (closes) for (const fd of numbers) closeSync(fd);
if (disowns) for (const fd of numbers) sys.disown(fd);
parentPort.on('message', () => undefined); // goes on until it is terminated
parentPort.postMessage(numbers);
