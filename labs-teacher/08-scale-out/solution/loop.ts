// One thread of the pool: a reactor of its own, and the connections that are its own.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Interest, Reactor } from 'edgewise';
import * as sys from 'edgewise/sys';
import { LineClient } from './lines.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR, SO_REUSEPORT } =
  sys.constants;

export interface ThreadData {
  readonly host: string;
  readonly port: number;
  readonly reusesPort: boolean;
}
/** A connection to serve; or: answer what was asked, and end. */
export type ToThread = number | 'stop';
/** It serves; or: the connection with this descriptor has ended. */
export type FromThread = 'ready' | number;

const { host, port, reusesPort } = workerData as ThreadData;
const main = parentPort as MessagePort;
const reactor = new Reactor();
const clients = new Set<LineClient>();
let isStopping = false;

reactor.attach(); // beside the messages of the main thread
const listener = reusesPort ? listen() : -1;
const onReady = (): void => acceptAll();
const registration = reusesPort && reactor.register(listener, Interest.Readable, { onReady });
main.on('message', (message: ToThread) => (message === 'stop' ? stop() : serve(message)));
main.postMessage('ready' satisfies FromThread);

function serve(fd: number): void {
  clients.add(new LineClient(reactor, fd, onEnd));
}

function onEnd(client: LineClient): void {
  clients.delete(client);
  // What this thread has accepted it closes; what it was given the main thread closes.
  if (reusesPort) sys.close(client.fd);
  else main.postMessage(client.fd satisfies FromThread);
  leave();
}

function stop(): void {
  if (registration) {
    acceptAll();
    registration.close();
    sys.close(listener);
  }
  isStopping = true;
  for (const client of [...clients]) {
    while (client.receive()); // what has come was asked, though no event may have reported it
    client.finish();
  }
  leave();
}

function leave(): void {
  if (!isStopping || clients.size > 0) return;
  reactor.close();
  main.close();
}

function listen(): number {
  const fd = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
  must(sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1));
  must(sys.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1));
  must(sys.bind(fd, { address: host, port }));
  must(sys.listen(fd, 511));
  return fd;
}

function acceptAll(): void {
  for (;;) {
    const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
    if (fd < 0) return;
    serve(fd);
  }
}

function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
