// A server that answers each line in upper case, on a level-triggered interest set.
import { Interest, Poller, Readiness } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const LINE_MAX = 1024;
const QUEUE_MAX = 65_536;
const NEWLINE = 10;
const RETRY_MS = 100;
const room = new Uint8Array(65_536);

interface Client {
  readonly fd: number;
  line: Buffer; // the beginning of a line
  queue: Buffer; // what the client has yet to take
  hasEnded: boolean; // it sends no more; it is closed when it has taken all
  interest: number;
}

export interface Server {
  readonly port: number;
  turn(timeoutMs: number): void;
  close(): void;
}

export function createServer({ host, port }: { host: string; port: number }): Server {
  const poller = new Poller();
  const clients = new Map<number, Client>();
  const listener = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
  must(sys.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1));
  must(sys.bind(listener, { address: host, port }));
  must(sys.listen(listener));
  const name = new sys.SocketAddress();
  must(sys.getsockname(listener, name));
  poller.add(listener, listener, Interest.Readable, 'level');
  let isListening = true;

  function acceptAll(): void {
    for (;;) {
      const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
      if (fd === sys.WOULD_BLOCK) return;
      if (fd < 0) {
        // No descriptor is left: the listener would be reported at every wait.
        watchListener(false);
        return;
      }
      poller.add(fd, fd, Interest.Readable, 'level');
      const none = Buffer.alloc(0);
      const interest = Interest.Readable;
      clients.set(fd, { fd, line: none, queue: none, hasEnded: false, interest });
    }
  }

  function watchListener(isOn: boolean): void {
    if (isOn === isListening) return;
    isListening = isOn;
    poller.modify(listener, listener, isOn ? Interest.Readable : Interest.None, 'level');
  }

  function drop(client: Client): void {
    poller.remove(client.fd);
    sys.close(client.fd);
    clients.delete(client.fd);
    watchListener(true);
  }

  function receive(client: Client): void {
    const count = sys.recv(client.fd, room);
    if (count === sys.WOULD_BLOCK) return;
    if (count < 0) return drop(client);
    if (count === 0) client.hasEnded = true;
    else if (!answer(client, Buffer.from(room.subarray(0, count)))) return drop(client);
    send(client);
  }

  // Answers the whole lines, and keeps the rest. False: a line is too long.
  function answer(client: Client, bytes: Buffer): boolean {
    const all = Buffer.concat([client.line, bytes]);
    const end = all.lastIndexOf(NEWLINE) + 1;
    const lines = all.subarray(0, end).toString('latin1');
    client.line = all.subarray(end);
    for (const line of lines.split('\n').slice(0, -1)) {
      if (line.length > LINE_MAX) return false;
      if (line === 'QUIT') {
        client.hasEnded = true;
        break;
      }
      client.queue = Buffer.concat([
        client.queue,
        Buffer.from(`${line.toUpperCase()}\n`, 'latin1'),
      ]);
    }
    return client.line.length <= LINE_MAX;
  }

  function send(client: Client): void {
    while (client.queue.length > 0) {
      const sent = sys.send(client.fd, client.queue);
      if (sent === sys.WOULD_BLOCK) break;
      if (sent < 0) return drop(client);
      client.queue = client.queue.subarray(sent);
    }
    if (client.hasEnded && client.queue.length === 0) return drop(client);
    const reads = client.hasEnded || client.queue.length > QUEUE_MAX ? 0 : Interest.Readable;
    const writes = client.queue.length > 0 ? Interest.Writable : 0;
    watch(client, reads | writes);
  }

  function watch(client: Client, interest: number): void {
    if (interest === client.interest) return;
    client.interest = interest;
    poller.modify(client.fd, client.fd, interest, 'level');
  }

  return {
    port: name.port ?? 0,
    turn(timeoutMs) {
      const isShort = !isListening && (timeoutMs < 0 || timeoutMs > RETRY_MS);
      const count = poller.wait(isShort ? RETRY_MS : timeoutMs);
      if (count === 0) watchListener(true);
      for (let i = 0; i < count; i++) {
        const fd = poller.events.token(i);
        const readiness = poller.events.readiness(i);
        if (fd === listener) acceptAll();
        else {
          const client = clients.get(fd);
          if (client !== undefined && (readiness & Readiness.Writable) !== 0) send(client);
          const still = clients.get(fd);
          if (still !== undefined && (readiness & ~Readiness.Writable) !== 0) receive(still);
        }
      }
    },
    close() {
      for (const client of [...clients.values()]) drop(client);
      poller.remove(listener);
      sys.close(listener);
      poller.close();
    },
  };
}

function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
