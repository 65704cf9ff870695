// The echo server on the raw Reactor and edgewise/sys: two handlers, each one object for all its
// descriptors, one buffer, and nothing allocated per message. bench/ compares it with
// bench/peers/epoll_echo.c, which makes the same system calls.
import { isIPv6 } from 'node:net';
import { check } from '../errors.ts';
import { type Handler, Interest, Reactor, Readiness, type Registration } from '../index.ts';
import * as sys from '../sys/index.ts';
import { EchoConnections, type Unsent } from './echo-connections.ts';
import { type EchoOptions, type EchoServer, reactorOptionsOf } from './echo-server.ts';

const { AF_INET, AF_INET6, IPPROTO_TCP, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET } = sys.constants;
const { ECONNABORTED, EINTR, EMFILE, ENFILE, SO_REUSEADDR, TCP_NODELAY } = sys.constants;
const BUFFER_SIZE = 64 * 1024;
const BACKLOG = 4096;
const ACCEPT_COUNT_MAX = 64;
const ACCEPT_RETRY_MS = 100;

class EchoHandler implements Handler<Unsent> {
  readonly #buffer = new sys.PinnedBuffer(BUFFER_SIZE);
  readonly #connections: EchoConnections;

  constructor(connections: EchoConnections) {
    this.#connections = connections;
  }

  onReady(readiness: Readiness, registration: Registration<Unsent>): void {
    if (registration.data !== undefined) this.#connections.sendRest(registration);
    else this.#echo(readiness, registration);
  }

  // Level: one read per event, the kernel reports the rest again. Edge: until the kernel has no
  // more, which a short read proves unless the peer's end is queued behind it, or until the
  // budget of this dispatch is used up.
  #echo(readiness: Readiness, registration: Registration<Unsent>): void {
    const { fd } = registration;
    const isLevel = registration.trigger === 'level';
    const isEnding = (readiness & Readiness.ReadClosed) !== 0;
    for (;;) {
      const received = this.#buffer.recv(fd);
      if (received <= 0) {
        if (received !== sys.WOULD_BLOCK && received !== -EINTR)
          this.#connections.drop(registration);
        return;
      }
      const sent = this.#buffer.send(fd, 0, received);
      if (sent < received) {
        this.#connections.keep(registration, this.#buffer.bytes.subarray(0, received), sent);
        return;
      }
      if (isLevel || (received < BUFFER_SIZE && !isEnding)) return;
      if (!registration.charge(received)) return; // the reactor calls again
    }
  }
}

class AcceptHandler implements Handler {
  readonly #reactor: Reactor;
  readonly #connections: EchoConnections;
  readonly #handler: Handler<Unsent>;
  readonly #options: EchoOptions;

  constructor(
    reactor: Reactor,
    connections: EchoConnections,
    handler: Handler<Unsent>,
    options: EchoOptions,
  ) {
    this.#reactor = reactor;
    this.#connections = connections;
    this.#handler = handler;
    this.#options = options;
  }

  // The listener is level-triggered, so a bound needs no re-queueing.
  onReady(_readiness: Readiness, listener: Registration): void {
    for (let count = 0; count < ACCEPT_COUNT_MAX; count++) {
      const fd = sys.accept4(listener.fd, null, SOCK_NONBLOCK);
      if (fd >= 0) {
        this.#adopt(fd);
      } else if (fd === -EMFILE || fd === -ENFILE) {
        this.#pause(listener);
        return;
      } else if (fd !== -ECONNABORTED && fd !== -EINTR) {
        return; // EAGAIN: all are accepted
      }
    }
  }

  // Level-triggered and unable to accept, it would spin. It tries again when a connection of this
  // server is closed, and after a while, since other code may have closed descriptors.
  #pause(listener: Registration): void {
    listener.setInterest(Interest.None);
    const resume = () => {
      if (!listener.isClosed) listener.setInterest(Interest.Readable);
    };
    this.#reactor.setTimeout(resume, ACCEPT_RETRY_MS).unref();
  }

  #adopt(fd: number): void {
    if (fd >= this.#reactor.capabilities.fdLimit) {
      sys.close(fd); // select cannot watch it: this client is refused
      return;
    }
    const { trigger } = this.#options;
    const registration = this.#reactor.register<Unsent>(fd, Interest.Readable, this.#handler, {
      trigger,
      data: undefined,
    });
    this.#connections.adopt(registration);
  }
}

/**
 * Opens a listening socket.
 *
 * @returns its descriptor.
 * @throws ErrnoError - as {@link startReactorEcho}.
 */
export function openListener({ host, port }: EchoOptions): number {
  const family = isIPv6(host) ? AF_INET6 : AF_INET;
  const fd = check(sys.socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0), 'socket');
  try {
    check(sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1), 'setsockopt', { fd });
    // Linux, macOS and the BSDs hand it down to the connections.
    check(sys.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1), 'setsockopt', { fd });
    check(sys.bind(fd, { address: host, port }), 'bind', { address: host, port });
    check(sys.listen(fd, BACKLOG), 'listen', { address: host, port });
    return fd;
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}

/** Makes what is called for each connection that is ready. */
export type CreateEchoHandler = (connections: EchoConnections, reactor: Reactor) => Handler<Unsent>;

/**
 * Starts an echo server on a Reactor of its own, attached to Node's loop.
 *
 * @throws ErrnoError - EADDRINUSE, EADDRNOTAVAIL, EACCES: the address cannot be listened on.
 * @throws EdgewiseError - ERR_BACKEND_UNAVAILABLE, ERR_TRIGGER_UNSUPPORTED: not on this platform.
 */
export function startReactorEcho(
  options: EchoOptions,
  createHandler: CreateEchoHandler = (connections) => new EchoHandler(connections),
): EchoServer {
  const reactor = new Reactor(reactorOptionsOf(options));
  const listenerFd = openListener(options);
  const connections = new EchoConnections();
  const handler = createHandler(connections, reactor);
  const acceptor = new AcceptHandler(reactor, connections, handler, options);
  const listener = reactor.register(listenerFd, Interest.Readable, acceptor, { trigger: 'level' });
  connections.onDropped = () => {
    if (!listener.isClosed) listener.setInterest(Interest.Readable);
  };
  const address = new sys.SocketAddress();
  check(sys.getsockname(listenerFd, address), 'getsockname', { fd: listenerFd });
  const done = reactor.run();
  return {
    port: address.port,
    done,
    close() {
      listener.close();
      sys.close(listenerFd);
      connections.closeAll();
      reactor.close();
    },
  };
}
