// A server that answers each line in upper case, on a level-triggered interest set.
import { Interest, Poller, Readiness } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const LINE_MAX = 1024;
const QUEUE_MAX = 65_536;
const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);
const room = new Uint8Array(65_536);

interface Client {
  readonly fd: number;
  line: Buffer; // the beginning of a line
  queue: Buffer; // what the kernel has yet to take
  hasEnded: boolean; // it sends no more; it is closed when it has taken all
  interest: number;
}

export interface Server {
  readonly port: number;
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
  #isListening = true;

  constructor({ host, port }: { host: string; port: number }) {
    must(sys.setsockopt(this.#listener, SOL_SOCKET, SO_REUSEADDR, 1));
    must(sys.bind(this.#listener, { address: host, port }));
    must(sys.listen(this.#listener));
    const name = new sys.SocketAddress();
    must(sys.getsockname(this.#listener, name));
    this.port = name.port ?? 0;
    this.#poller.add(this.#listener, this.#listener, Interest.Readable, 'level');
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
    if (fd < 0) {
      // Without a descriptor for it the connection stays in the queue, and would be reported for ever.
      if (fd !== sys.WOULD_BLOCK && this.#clients.size > 0) this.#listen(false);
      return;
    }
    const interest = Interest.Readable;
    this.#poller.add(fd, fd, interest, 'level');
    this.#clients.set(fd, { fd, line: NOTHING, queue: NOTHING, hasEnded: false, interest });
  }

  #listen(isOn: boolean): void {
    if (isOn === this.#isListening) return;
    this.#isListening = isOn;
    const interest = isOn ? Interest.Readable : Interest.None;
    this.#poller.modify(this.#listener, this.#listener, interest, 'level');
  }

  #onReady(client: Client, readiness: number): void {
    // Hang-ups and errors alone are for the next read to name.
    const mayRead = readiness !== Readiness.Writable && !client.hasEnded;
    const isAlive = !mayRead || this.#receive(client);
    if (!isAlive || !this.#send(client)) this.#drop(client);
    else this.#watch(client);
  }

  /** @returns false: the client is lost, or must not go on. */
  #receive(client: Client): boolean {
    const count = sys.recv(client.fd, room);
    if (count === sys.WOULD_BLOCK) return true;
    if (count < 0) return false;
    if (count === 0) client.hasEnded = true;
    return this.#answer(client, room.subarray(0, count));
  }

  /** Answers whole lines, and keeps the rest. @returns false: a line is too long. */
  #answer(client: Client, bytes: Uint8Array): boolean {
    const all = Buffer.concat([client.line, bytes]);
    const end = all.lastIndexOf(NEWLINE) + 1;
    const answers: string[] = [];
    for (const line of all.toString('latin1', 0, end).split('\n').slice(0, -1)) {
      if (line.length > LINE_MAX) return false;
      if (line === 'QUIT') {
        client.hasEnded = true;
        break;
      }
      answers.push(`${line.toUpperCase()}\n`);
    }
    client.line = all.subarray(end);
    client.queue = Buffer.concat([client.queue, Buffer.from(answers.join(''), 'latin1')]);
    return client.line.length <= LINE_MAX;
  }

  /** @returns false: the client is lost, or has all its answers and sends no more. */
  #send(client: Client): boolean {
    if (client.queue.length > 0) {
      const sent = sys.send(client.fd, client.queue);
      if (sent < 0 && sent !== sys.WOULD_BLOCK) return false;
      client.queue = client.queue.subarray(Math.max(sent, 0));
    }
    return !client.hasEnded || client.queue.length > 0;
  }

  #watch(client: Client): void {
    const { fd, queue, hasEnded } = client;
    const reads = hasEnded || queue.length > QUEUE_MAX ? Interest.None : Interest.Readable;
    const writes = queue.length > 0 ? Interest.Writable : Interest.None;
    const interest = reads | writes;
    if (interest === client.interest) return;
    client.interest = interest;
    this.#poller.modify(fd, fd, interest, 'level');
  }

  #drop(client: Client): void {
    this.#poller.remove(client.fd);
    sys.close(client.fd);
    this.#clients.delete(client.fd);
    this.#listen(true);
  }
}

/** For calls that do not fail unless something is wrong with the program. */
function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
