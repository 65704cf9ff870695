// A proxy: connects each client with a server, and passes bytes, ends and resets on, both ways.
import { constants } from 'node:os';
import { Interest, Reactor, Readiness, type Registration, type Timer } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SHUT_WR } = sys.constants;
const { SOL_SOCKET, SO_ERROR, SO_LINGER, SO_REUSEADDR } = sys.constants;
const { EINPROGRESS } = constants.errno;
/** What waits for a side at most: with so much, the other side is not read. */
export const QUEUE_BYTES = 65_536;

/** One of the two connections of a pair. */
interface Side {
  fd: number; // -1: closed
  registration: Registration | undefined;
  interest: Interest;
  readonly queue: Uint8Array; // what it has yet to take
  queuedBytes: number;
  isConnecting: boolean;
  hasEnded: boolean; // it sends no more
  isShut: boolean; // it gets no more, and knows
}

/** A client, and the server that it talks with. */
interface Pair {
  readonly client: Side;
  readonly server: Side;
  readonly connectTimer: Timer;
  idleTimer: Timer | undefined;
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

export function createProxy({ host, port, to, connectMs, idleMs }: ProxyOptions): Proxy {
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
      open(fd);
    }
  }

  function open(fd: number): void {
    const pair: Pair = {
      client: sideOf(fd),
      server: sideOf(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK)),
      connectTimer: reactor.setTimeout(() => refuse(pair, 'ETIMEDOUT'), connectMs),
      idleTimer: undefined,
    };
    const { client, server } = pair;
    pairs.add(pair);
    server.isConnecting = true;
    register(pair, client, server);
    const { fd: serverFd } = server;
    const result =
      serverFd < 0 ? serverFd : sys.connect(serverFd, { address: to.host, port: to.port });
    if (result < 0 && result !== -EINPROGRESS) refuse(pair, sys.errnoName(result));
    else register(pair, server, client);
  }

  function register(pair: Pair, side: Side, other: Side): void {
    side.interest = interestOf(side, other);
    side.registration = reactor.register(side.fd, side.interest, {
      onReady(readiness) {
        if (side.isConnecting) connected(pair);
        else if ((readiness & Readiness.Error) !== 0) drop(pair, 'reset');
        else pass(pair, side, other, readiness);
      },
    });
  }

  // Writable says that connecting is over; SO_ERROR says how.
  function connected(pair: Pair): void {
    const { server } = pair;
    const error = new Int32Array(1);
    must(sys.getsockopt(server.fd, SOL_SOCKET, SO_ERROR, error));
    const [errno = 0] = error;
    if (errno !== 0) {
      refuse(pair, sys.errnoName(-errno));
      return;
    }
    server.isConnecting = false;
    pair.connectTimer.clear();
    pair.idleTimer = reactor.setTimeout(() => drop(pair, 'reset'), idleMs);
    pass(pair, server, pair.client, Readiness.Writable);
  }

  // There is no server: the client gets one line and the end. What it sends is read and thrown away until it ends:
  // a close with unread bytes would be a reset, and might cost it the line.
  function refuse(pair: Pair, code: string): void {
    const { client, server } = pair;
    closeSide(server);
    server.isConnecting = false;
    server.hasEnded = true;
    pair.connectTimer.clear();
    pair.idleTimer = reactor.setTimeout(() => drop(pair, 'reset'), idleMs);
    const line = Buffer.from(`502 ${code}\n`);
    client.queue.set(line);
    client.queuedBytes = line.length;
    send(pair, server, client);
    send(pair, client, server);
    settle(pair);
  }

  function pass(pair: Pair, side: Side, other: Side, readiness: Readiness): void {
    if ((readiness & Readiness.Writable) !== 0) send(pair, other, side);
    if ((readiness & Readiness.Readable) !== 0) receive(pair, side, other);
    settle(pair);
  }

  function receive(pair: Pair, from: Side, to: Side): void {
    const room = to.queue.subarray(to.queuedBytes);
    if (from.fd < 0 || from.hasEnded || room.length === 0) return;
    const count = sys.recv(from.fd, room);
    if (count === sys.WOULD_BLOCK) return;
    if (count < 0) {
      drop(pair, 'reset');
      return;
    }
    if (count === 0) from.hasEnded = true;
    else pair.idleTimer?.refresh();
    to.queuedBytes += count;
    // With Writable it is sent when there is room, or when it is connected.
    if ((to.interest & Interest.Writable) === 0) send(pair, from, to);
  }

  // What waits for a side; behind the last of it the end, when the other side has ended.
  function send(pair: Pair, from: Side, to: Side): void {
    if (to.fd < 0) to.queuedBytes = 0;
    while (to.queuedBytes > 0) {
      const count = sys.send(to.fd, to.queue, 0, to.queuedBytes);
      if (count === sys.WOULD_BLOCK) return;
      if (count < 0) {
        drop(pair, 'reset');
        return;
      }
      pair.idleTimer?.refresh();
      to.queue.copyWithin(0, count, to.queuedBytes);
      to.queuedBytes -= count;
    }
    if (!from.hasEnded || to.isShut) return;
    to.isShut = true;
    if (to.fd >= 0) sys.shutdown(to.fd, SHUT_WR);
  }

  function settle(pair: Pair): void {
    const { client, server } = pair;
    if (client.isShut && server.isShut) drop(pair);
    watch(client, server);
    watch(server, client);
  }

  function watch(side: Side, other: Side): void {
    const interest = interestOf(side, other);
    if (interest === side.interest || side.registration === undefined) return;
    side.interest = interest;
    side.registration.setInterest(interest);
  }

  function drop(pair: Pair, how?: 'reset'): void {
    if (!pairs.delete(pair)) return;
    pair.connectTimer.clear();
    pair.idleTimer?.clear();
    for (const side of [pair.client, pair.server]) {
      // Closed without lingering: the peer gets a reset, and no end.
      if (how === 'reset' && side.fd >= 0)
        sys.setsockopt(side.fd, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0));
      closeSide(side);
    }
  }

  return {
    port: name.port ?? 0,
    turn: (timeoutMs) => void reactor.turn(timeoutMs),
    close() {
      for (const pair of [...pairs]) drop(pair, 'reset');
      reactor.close();
      sys.close(listener);
    },
  };
}

function sideOf(fd: number): Side {
  return {
    fd,
    registration: undefined,
    interest: 0,
    queue: new Uint8Array(QUEUE_BYTES),
    queuedBytes: 0,
    isConnecting: false,
    hasEnded: false,
    isShut: false,
  };
}

function interestOf(side: Side, other: Side): Interest {
  if (side.isConnecting) return Interest.Writable;
  const reads = !side.hasEnded && other.queuedBytes < QUEUE_BYTES ? Interest.Readable : 0;
  return reads | (side.queuedBytes > 0 ? Interest.Writable : 0);
}

function closeSide(side: Side): void {
  side.registration?.close();
  side.registration = undefined;
  side.interest = Interest.None;
  if (side.fd >= 0) sys.close(side.fd);
  side.fd = -1;
}

function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
