// A server that answers each line in upper case, on a level-triggered interest set. Lab 3: tasks a to e.
import { Interest, Poller, Readiness } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
/** What a read fills: one for all clients is enough, since it is looked at before the next read. */
const room = new Uint8Array(65_536);

/** What has to be known of a client between two events. */
interface Client {
  readonly fd: number;
  // Task b: the beginning of a line. Task c: what the kernel has not taken yet.
}

export interface Server {
  readonly port: number;
  /** Waits for at most so many milliseconds (-1: for ever), and handles what has come. */
  turn(timeoutMs: number): void;
  close(): void;
}

export function createServer(place: { host: string; port: number }): Server {
  return new LineServer(place);
}

class LineServer implements Server {
  readonly port: number;
  readonly #poller = new Poller();
  readonly #listener = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
  readonly #clients = new Map<number, Client>(); // by descriptor

  constructor({ host, port }: { host: string; port: number }) {
    must(sys.setsockopt(this.#listener, SOL_SOCKET, SO_REUSEADDR, 1));
    must(sys.bind(this.#listener, { address: host, port }));
    must(sys.listen(this.#listener));
    const name = new sys.SocketAddress();
    must(sys.getsockname(this.#listener, name));
    this.port = name.port ?? 0;
    // The second argument is a token, which comes back with each event: the number of the descriptor will do.
    // Task a: with no interest in anything, no client is reported.
    this.#poller.add(this.#listener, this.#listener, Interest.None, 'level');
  }

  turn(timeoutMs: number): void {
    const count = this.#poller.wait(timeoutMs);
    for (let i = 0; i < count; i++) {
      const fd = this.#poller.events.token(i);
      const readiness = this.#poller.events.readiness(i);
      const client = this.#clients.get(fd);
      if (fd === this.#listener) this.#accept();
      // An earlier event of the same batch may have closed it.
      else if (client !== undefined) this.#onReady(client, readiness);
    }
  }

  close(): void {
    for (const client of [...this.#clients.values()]) this.#drop(client);
    sys.close(this.#listener);
    this.#poller.close();
  }

  #accept(): void {
    const fd = sys.accept4(this.#listener, null, SOCK_NONBLOCK);
    // Task a: it is a descriptor, or below 0: sys.WOULD_BLOCK when no client waits, another number for an
    // error. Add it to the interest set, and remember the client. Task e: what if no descriptor is left?
    console.log(`a client: ${fd}`);
  }

  #onReady(client: Client, readiness: number): void {
    if ((readiness & Readiness.Writable) !== 0) this.#send(client);
    // An end and an error are for the next read to name.
    else this.#receive(client);
  }

  #receive(client: Client): void {
    const count = sys.recv(client.fd, room);
    // Task a: a count of bytes, which are in `room`; 0: the client sends no more; below 0: see above.
    // Task b: how many lines are that?
    console.log(`client ${client.fd}: ${count}`);
  }

  #send(client: Client): void {
    // Task c: sys.send(client.fd, bytes) takes all of them, or some, or answers sys.WOULD_BLOCK.
    console.log(`client ${client.fd}: there is room again`);
  }

  #drop(client: Client): void {
    this.#poller.remove(client.fd);
    sys.close(client.fd);
    this.#clients.delete(client.fd);
  }
}

/** For calls that do not fail unless something is wrong with the program. */
function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
