// A proxy: connects each client with a server, and passes bytes, ends and resets on, both ways. Lab 7: fill in the
// tasks a to f.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
/** What waits for a side at most: with so much, the other side is not read. */
export const QUEUE_BYTES = 65_536;

/** One of the two connections of a pair. */
interface Side {
  readonly fd: number;
  readonly registration: Registration;
  readonly queue: Uint8Array; // what it has yet to take, from the first byte on
  queuedBytes: number;
  // Task c: what has ended
}

/** A client, and the server that it talks with. */
interface Pair {
  readonly client: Side;
  // Task a: the other side. Task d: its timers
}

export interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  /** The server that clients are connected with. */
  readonly to: { readonly host: string; readonly port: number };
  /** How long connecting may take. */
  readonly connectMs: number;
  /** How long a pair may be there in which no byte moves. */
  readonly idleMs: number;
}

export interface Proxy {
  readonly port: number;
  /** Waits for at most so long (-1: for ever), and handles what has come. */
  turn(timeoutMs: number): void;
  close(): void;
}

export function createProxy({ host, port }: ProxyOptions): Proxy {
  const reactor = new Reactor();
  const pairs = new Set<Pair>();
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
      // Task a: a socket of your own for each client, and connect
      const registration = reactor.register(fd, Interest.Readable, {
        onReady: () => receive(pair),
      });
      const client = { fd, registration, queue: new Uint8Array(QUEUE_BYTES), queuedBytes: 0 };
      const pair: Pair = { client };
      pairs.add(pair);
    }
  }

  function receive(pair: Pair): void {
    // Task b: read into the queue of the other side, as much as it has room for; send what waits there
    const room = new Uint8Array(QUEUE_BYTES);
    const count = sys.recv(pair.client.fd, room);
    if (count === sys.WOULD_BLOCK) return;
    if (count <= 0) drop(pair);
  }

  function drop(pair: Pair): void {
    if (!pairs.delete(pair)) return;
    pair.client.registration.close();
    sys.close(pair.client.fd);
  }

  return {
    port: name.port ?? 0,
    turn: (timeoutMs) => void reactor.turn(timeoutMs),
    close() {
      for (const pair of [...pairs]) drop(pair);
      reactor.close();
      sys.close(listener);
    },
  };
}

function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
