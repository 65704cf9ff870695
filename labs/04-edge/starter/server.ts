// A server that answers each line in upper case, on an edge-triggered interest set. Lab 4: tasks a to d.
import { Interest, Poller, Readiness } from 'edgewise';
import * as sys from 'edgewise/sys';
import { Lines } from './lines.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
/** Small, so that more than one read is needed. */
const room = new Uint8Array(16_384);

interface Client {
  readonly fd: number;
  readonly lines: Lines;
  queue: Buffer; // what the kernel has yet to take
  hasEnded: boolean; // it sends no more; it is closed when it has taken all
  // Tasks a and c: what an edge has said, until would-block has taken it back.
}

export interface Server {
  readonly port: number;
  /** Waits for at most so many milliseconds (-1: for ever), and handles what has come. */
  turn(timeoutMs: number): void;
  close(): void;
}

export function createServer(place: { host: string; port: number }): Server {
  return new EdgeServer(place);
}

class EdgeServer implements Server {
  readonly port: number;
  readonly #poller = new Poller();
  readonly #listener = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
  readonly #clients = new Map<number, Client>(); // by descriptor
  // Task d: clients that have something left to do, which the kernel will not report again.

  constructor({ host, port }: { host: string; port: number }) {
    must(sys.setsockopt(this.#listener, SOL_SOCKET, SO_REUSEADDR, 1));
    must(sys.bind(this.#listener, { address: host, port }));
    must(sys.listen(this.#listener));
    const name = new sys.SocketAddress();
    must(sys.getsockname(this.#listener, name));
    this.port = name.port ?? 0;
    this.#poller.add(this.#listener, this.#listener, Interest.Readable, 'edge');
  }

  turn(timeoutMs: number): void {
    const count = this.#poller.wait(timeoutMs); // Task d: with work left, this must not sleep
    for (let i = 0; i < count; i++) {
      const fd = this.#poller.events.token(i);
      const readiness = this.#poller.events.readiness(i);
      const client = this.#clients.get(fd);
      if (fd === this.#listener) this.#accept();
      else if (client !== undefined) this.#onReady(client, readiness);
    }
  }

  close(): void {
    for (const client of [...this.#clients.values()]) this.#drop(client);
    sys.close(this.#listener);
    this.#poller.close();
  }

  #accept(): void {
    // Task b: once for each report is too few.
    const fd = sys.accept4(this.#listener, null, SOCK_NONBLOCK);
    if (fd >= 0) this.#add(fd);
  }

  /** Its interest is set here, once, and never changed. */
  #add(fd: number): void {
    this.#clients.set(fd, { fd, lines: new Lines(), queue: Buffer.alloc(0), hasEnded: false });
    this.#poller.add(fd, fd, Interest.Readable | Interest.Writable, 'edge');
  }

  #onReady(client: Client, readiness: number): void {
    // An end and an error are for the next read to name.
    if ((readiness & ~Readiness.Writable) !== 0) this.#receive(client);
    if ((readiness & Readiness.Writable) !== 0) this.#send(client);
  }

  #receive(client: Client): void {
    const count = sys.recv(client.fd, room);
    // Task a: client.lines.take(room.subarray(0, count)) has the answers; 0 is the end. And then?
    console.log(`client ${client.fd}: ${count}`);
  }

  #send(client: Client): void {
    // Task c: sys.send(client.fd, client.queue), until it is empty or the kernel has no room.
    console.log(`client ${client.fd}: there is room for ${client.queue.length} bytes`);
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
