// A server of keys, values and channels. Lab 6: fill in the tasks b to e.
import { Interest, Reactor, Readiness, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { Parser } from './resp.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
/** Of a client's own answers: with more in its queue, no command of it is carried out. */
export const BACKED_UP_BYTES = 65_536;
/** Of all that waits for a client: with more, it is closed. */
export const QUEUE_MAX = 1024 * 1024;
export const IDLE_MS = 30_000;
const room = new Uint8Array(65_536);

interface Client {
  readonly fd: number;
  readonly registration: Registration;
  readonly parser: Parser;
  // Task c: what it has yet to take
}

export interface Server {
  readonly port: number;
  /** Waits for at most so long (-1: for ever), and handles what has come. */
  turn(timeoutMs: number): void;
  close(): void;
}

export function createServer({ host, port }: { host: string; port: number }): Server {
  const reactor = new Reactor();
  const clients = new Set<Client>();
  const listener = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
  must(sys.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1));
  must(sys.bind(listener, { address: host, port }));
  must(sys.listen(listener, 511));
  const name = new sys.SocketAddress();
  must(sys.getsockname(listener, name));
  reactor.register(listener, Interest.Readable, { onReady: acceptAll });

  function acceptAll(): void {
    for (;;) {
      const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
      if (fd < 0) return;
      const onReady = (readiness: Readiness): void => {
        if ((readiness & Readiness.Readable) !== 0) receive(client);
      };
      const registration = reactor.register(fd, Interest.Readable, { onReady });
      const client: Client = { fd, registration, parser: new Parser() };
      clients.add(client);
    }
  }

  function drop(client: Client): void {
    if (!clients.delete(client)) return;
    client.registration.close();
    sys.close(client.fd);
  }

  function receive(client: Client): void {
    const count = sys.recv(client.fd, room);
    if (count === sys.WOULD_BLOCK) return;
    if (count <= 0) drop(client);
    else client.parser.push(room.subarray(0, count));
    // Task b: carry out the commands that are whole. Task c: queue the answers, and send them together.
  }

  return {
    port: name.port ?? 0,
    turn: (timeoutMs) => void reactor.turn(timeoutMs),
    close() {
      for (const client of [...clients]) drop(client);
      reactor.close();
      sys.close(listener);
    },
  };
}

function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
