// The echo server on operations that complete: read, write all of it, read again. Each connection has a
// buffer of its own, since a buffer belongs to its operation while that waits; the handlers are shared.
import { constants as os } from 'node:os';
import { check, ErrnoError } from '../errors.ts';
import { Reactor } from '../index.ts';
import { type Descriptor, Proactor } from '../proactor/index.ts';
import * as sys from '../sys/index.ts';
import { openListener } from './echo-reactor.ts';
import { type EchoOptions, type EchoServer, reactorOptionsOf } from './echo-server.ts';

const { EMFILE, ENFILE } = os.errno;
const { IPPROTO_TCP, TCP_NODELAY } = sys.constants;
const BUFFER_SIZE = 4096;
const ACCEPT_RETRY_MS = 100;

class Client {
  readonly descriptor: Descriptor;
  readonly buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);

  constructor(descriptor: Descriptor) {
    this.descriptor = descriptor;
  }

  close(): void {
    this.descriptor.close();
    sys.close(this.descriptor.fd);
  }
}

// Every connection has a pending operation, so closing the proactor reaches each of them.
function onRead(error: Error | undefined, count: number, client: Client): void {
  const { descriptor } = client;
  if (error !== undefined || count === 0 || descriptor.isClosed) client.close();
  else descriptor.writeAll(client.buffer, { data: client, length: count }, onWritten);
}

function onWritten(error: Error | undefined, _count: number, client: Client): void {
  if (error !== undefined || client.descriptor.isClosed) client.close();
  else client.descriptor.read(client.buffer, { data: client }, onRead);
}

class Acceptor {
  readonly #proactor: Proactor;
  readonly #listener: Descriptor;

  constructor(proactor: Proactor, listenerFd: number) {
    this.#proactor = proactor;
    this.#listener = proactor.open(listenerFd);
  }

  accept(): void {
    this.#listener.accept(this.#onAccepted);
  }

  readonly #onAccepted = (error: Error | undefined, fd: number): void => {
    if (error === undefined) this.#serve(fd);
    if (this.#proactor.isClosed) sys.close(this.#listener.fd);
    else if (error === undefined) this.accept();
    else this.#acceptLater(error);
  };

  // Out of descriptors: the clients wait in the kernel's queue.
  #acceptLater(error: Error): void {
    const isTransient = error instanceof ErrnoError && [-EMFILE, -ENFILE].includes(error.errno);
    if (!isTransient) throw error;
    this.#proactor.delay(ACCEPT_RETRY_MS, () => {
      if (this.#proactor.isClosed) sys.close(this.#listener.fd);
      else this.accept();
    });
  }

  #serve(fd: number): void {
    if (this.#proactor.isClosed || fd >= this.#proactor.reactor.capabilities.fdLimit) {
      sys.close(fd); // select cannot watch it: this client is refused
      return;
    }
    sys.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    const client = new Client(this.#proactor.open(fd));
    client.descriptor.read(client.buffer, { data: client }, onRead);
  }
}

/**
 * Starts an echo server on a Reactor of its own, attached to Node's loop.
 *
 * @throws ErrnoError - EADDRINUSE, EADDRNOTAVAIL, EACCES: the address cannot be listened on.
 * @throws EdgewiseError - ERR_BACKEND_UNAVAILABLE, ERR_TRIGGER_UNSUPPORTED: not on this platform.
 */
export function startProactorEcho(options: EchoOptions): EchoServer {
  const { trigger } = options;
  const listenerFd = openListener(options);
  const reactor = new Reactor(reactorOptionsOf(options));
  const proactor = new Proactor({ reactor, trigger });
  const address = new sys.SocketAddress();
  check(sys.getsockname(listenerFd, address), 'getsockname', { fd: listenerFd });
  new Acceptor(proactor, listenerFd).accept();
  return { port: address.port, done: reactor.run(), close: () => reactor.close() };
}
