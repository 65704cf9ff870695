// A server that answers each line in upper case, on an edge-triggered interest set: an edge is a note that
// there may be something to do, and what is noted is done until would-block, or remembered.
import { constants } from 'node:os';
import { Interest, Poller, Readiness } from 'edgewise';
import * as sys from 'edgewise/sys';
import { Lines } from './lines.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const { ECONNABORTED } = constants.errno;
const QUEUE_MAX = 65_536;
const BUDGET = 65_536;
const room = new Uint8Array(16_384);

interface Client {
  readonly fd: number;
  readonly lines: Lines;
  queue: Buffer; // what the kernel has yet to take
  hasEnded: boolean; // it sends no more; it is closed when it has taken all
  mayRead: boolean; // an edge has come, and would-block has not
  mayWrite: boolean;
}

export interface Server {
  readonly port: number;
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
  readonly #ready = new Set<Client>(); // the kernel will not report them again
  #mayAccept = false;

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
    const count = this.#poller.wait(this.#ready.size > 0 ? 0 : timeoutMs);
    for (let i = 0; i < count; i++) {
      this.#note(this.#poller.events.token(i), this.#poller.events.readiness(i));
    }
    const ready = [...this.#ready];
    this.#ready.clear();
    for (const client of ready) this.#serve(client);
  }

  close(): void {
    for (const client of [...this.#clients.values()]) this.#drop(client);
    sys.close(this.#listener);
    this.#poller.close();
  }

  #note(fd: number, readiness: number): void {
    const client = this.#clients.get(fd);
    if (fd === this.#listener) this.#accept();
    if (client === undefined) return;
    if ((readiness & Readiness.Writable) !== 0) client.mayWrite = true;
    if ((readiness & ~Readiness.Writable) !== 0) client.mayRead = true;
    this.#ready.add(client);
  }

  #accept(): void {
    this.#mayAccept = true;
    for (;;) {
      const fd = sys.accept4(this.#listener, null, SOCK_NONBLOCK);
      if (fd >= 0) this.#add(fd);
      else if (fd === sys.WOULD_BLOCK) {
        this.#mayAccept = false;
        return;
      } else if (fd !== -ECONNABORTED) return; // no descriptor is left: again when a client is dropped
    }
  }

  #add(fd: number): void {
    this.#clients.set(fd, {
      fd,
      lines: new Lines(),
      queue: Buffer.alloc(0),
      hasEnded: false,
      mayRead: false,
      mayWrite: false,
    });
    // What is there already is an edge: the first report has it.
    this.#poller.add(fd, fd, Interest.Readable | Interest.Writable, 'edge');
  }

  #serve(client: Client): void {
    const isAlive = this.#receive(client) && this.#send(client);
    if (!isAlive) this.#drop(client);
    else if (wantsToRead(client)) this.#ready.add(client);
  }

  /** @returns false: the client is lost. */
  #receive(client: Client): boolean {
    for (let left = BUDGET; left > 0 && wantsToRead(client); ) {
      const count = sys.recv(client.fd, room);
      if (count === sys.WOULD_BLOCK) client.mayRead = false;
      else if (count < 0) return false;
      else if (count === 0) client.hasEnded = true;
      else this.#answer(client, room.subarray(0, count));
      left -= Math.max(count, 0);
    }
    return true;
  }

  #answer(client: Client, bytes: Uint8Array): void {
    client.queue = Buffer.concat([client.queue, client.lines.take(bytes)]);
    if (client.lines.isOver) client.hasEnded = true;
  }

  /** @returns false: the client is lost, or has all its answers and sends no more. */
  #send(client: Client): boolean {
    while (client.mayWrite && client.queue.length > 0) {
      const sent = sys.send(client.fd, client.queue);
      if (sent === sys.WOULD_BLOCK) client.mayWrite = false;
      else if (sent < 0) return false;
      else client.queue = client.queue.subarray(sent);
    }
    return !client.hasEnded || client.queue.length > 0;
  }

  #drop(client: Client): void {
    this.#poller.remove(client.fd);
    sys.close(client.fd);
    this.#clients.delete(client.fd);
    if (this.#mayAccept) this.#accept();
  }
}

function wantsToRead({ mayRead, hasEnded, queue }: Client): boolean {
  return mayRead && !hasEnded && queue.length <= QUEUE_MAX;
}

/** For calls that do not fail unless something is wrong with the program. */
function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
