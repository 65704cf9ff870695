// A server on the net layer that is driven by hand, and raw peers that behave as no library would:
// what they do is done before the server looks, and nothing else happens between two turns.
import { constants as os } from 'node:os';
import { listen } from '../../src/net/listen/listen.ts';
import type { ListenOptions } from '../../src/net/listen/listener.ts';
import type { ReactorOptions } from '../../src/reactor/options.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { type Descriptors, must } from '../helpers/descriptors.ts';
import { turnUntil } from '../helpers/handlers.ts';
import { setLinger } from '../helpers/linger.ts';
import type { Recorder } from './recorder.ts';

export const HOST = '127.0.0.1';
const { EINTR } = os.errno;
const { AF_INET, SOCK_STREAM, F_SETFL, O_NONBLOCK } = sys.constants;

export interface Driven {
  readonly reactor: Reactor;
  readonly port: number;
  readonly listener: ReturnType<typeof listen>;
  /** Turns until it is so; fails when nothing happens any more and it is not. */
  turnUntil(isDone: () => boolean): void;
  /** A connected, non-blocking socket that has sent nothing. */
  dial(): number;
}

export function driven(
  descriptors: Descriptors,
  server: Recorder,
  options: Partial<ListenOptions>,
  reactorOptions: ReactorOptions = {},
): Driven {
  const reactor = descriptors.using(new Reactor(reactorOptions));
  const where = options.path === undefined ? { host: HOST } : {};
  const listener = listen({ ...where, handlers: server.handlers, ...options, reactor });
  const dial = () => {
    const fd = descriptors.track(sys.socket(AF_INET, SOCK_STREAM));
    must(sys.connect(fd, { address: HOST, port: listener.port })); // blocking: it waits in the queue
    must(sys.fcntl(fd, F_SETFL, O_NONBLOCK));
    return fd;
  };
  return {
    reactor,
    port: listener.port,
    listener,
    turnUntil: (isDone) => turnUntil(reactor, isDone),
    dial,
  };
}

/** Sends all of `data`, in as many calls as it takes, into a buffer that has room for it. */
export function sendAll(fd: number, data: string | Uint8Array, flags = 0): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let sent = 0; sent < bytes.length; ) {
    const result = sys.send(fd, bytes, sent, bytes.length - sent, flags);
    if (result !== -EINTR) sent += must(result);
  }
}

/** What is there to be read now. */
export function receiveAvailable(fd: number, room = Buffer.alloc(64 * 1024)): Buffer {
  const pieces: Buffer[] = [];
  for (;;) {
    const count = sys.recv(fd, room);
    if (count === -EINTR) continue;
    if (count <= 0) return Buffer.concat(pieces);
    pieces.push(Buffer.from(room.subarray(0, count)));
  }
}

/** What recv(2) returns for one byte, behind what was injected: a count, or `-errno`. */
export function receiveResult(fd: number): number {
  let result = -EINTR; // which scripts/test-faults.mjs injects
  while (result === -EINTR) result = sys.recv(fd, Buffer.alloc(1));
  return result;
}

/** Closes so that the peer gets an RST. */
export function resetNow(descriptors: Descriptors, fd: number): void {
  setLinger(fd);
  descriptors.close(fd);
}
