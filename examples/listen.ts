// What the TCP examples have in common: a listener that survives whatever accept(2) says, and an
// end by Ctrl-C. echo.ts spells the bare minimum out.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const { EMFILE, ENFILE, ENOBUFS, ENOMEM } = sys.constants;
const PAUSE_MS = 100;

/**
 * Listens on 127.0.0.1, at the port of the command line, and serves until SIGINT or SIGTERM.
 *
 * @param onClient - gets each connection as a non-blocking descriptor, which is its to close.
 */
export async function serve(
  onClient: (fd: number, reactor: Reactor) => void,
  defaultPort: number,
): Promise<void> {
  const reactor = new Reactor();
  const fd = check(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK), 'socket');
  check(sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1), 'setsockopt');
  const port = Number(process.argv[2] ?? defaultPort);
  check(sys.bind(fd, { address: '127.0.0.1', port }), 'bind');
  check(sys.listen(fd), 'listen');
  const onReady = (_readiness: number, listener: Registration): void => {
    const client = sys.accept4(fd, null, SOCK_NONBLOCK);
    if (client >= 0) onClient(client, reactor);
    else if ([EMFILE, ENFILE, ENOBUFS, ENOMEM].includes(-client)) {
      // The connection stays in the queue, so a level trigger would report it without end.
      listener.setInterest(Interest.None);
      reactor.setTimeout(() => listener.setInterest(Interest.Readable), PAUSE_MS);
    } // everything else is about one connection that has gone again: ECONNABORTED, EAGAIN, …
  };
  reactor.register(fd, Interest.Readable, { onReady });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    reactor.onSignal(signal, () => reactor.stop());
  }
  const name = new sys.SocketAddress();
  check(sys.getsockname(fd, name), 'getsockname');
  console.log(`listening on ${name}`);
  await reactor.run();
  reactor.close();
}

/** Stops watching and closes, in this order: the registration only borrows the descriptor. */
export function hangUp<Data>(client: Registration<Data>): void {
  client.close();
  sys.close(client.fd);
}

/** Passes the result of a call on, and throws what was an error. */
export function check(result: number, syscall: string): number {
  if (result < 0) throw new Error(`${syscall}: ${sys.errnoName(result)}`);
  return result;
}
