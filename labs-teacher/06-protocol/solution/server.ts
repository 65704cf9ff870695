// A server of keys, values and channels.
import { Interest, Reactor, Readiness, type Registration, type Timer } from 'edgewise';
import * as sys from 'edgewise/sys';
import { array, bulk, failure, integer, Parser, ProtocolError, simple } from './resp.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
/** Of a client's own answers: with more in its queue, no command of it is carried out. */
export const BACKED_UP_BYTES = 65_536;
/** Of all that waits for a client: with more, it is closed. */
export const QUEUE_MAX = 1024 * 1024;
export const IDLE_MS = 30_000;
const room = new Uint8Array(65_536);

interface Client {
  readonly fd: number;
  readonly registration: Registration;
  readonly parser: Parser;
  readonly channels: Set<string>;
  readonly idle: Timer;
  queue: Buffer[];
  queuedBytes: number;
  interest: Interest;
  isBlocked: boolean; // the kernel takes no more, until it reports Writable
  hasEnded: boolean; // it sends no more, or nothing that is understood
  isBroken: boolean;
}

interface Entry {
  readonly value: Buffer;
  readonly expiry: Timer | undefined;
}

/** @param args - without the name. @returns undefined: there are too few or too many. */
type Command = (client: Client, args: readonly Buffer[]) => Buffer | undefined;

export interface Server {
  readonly port: number;
  /** Waits for at most so long (-1: for ever), and handles what has come. */
  turn(timeoutMs: number): void;
  close(): void;
}

export function createServer({ host, port }: { host: string; port: number }): Server {
  const reactor = new Reactor();
  const clients = new Set<Client>();
  const entries = new Map<string, Entry>();
  const channels = new Map<string, Set<Client>>();
  const listener = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
  must(sys.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1));
  must(sys.bind(listener, { address: host, port }));
  must(sys.listen(listener, 511));
  const name = new sys.SocketAddress();
  must(sys.getsockname(listener, name));
  reactor.register(listener, Interest.Readable, { onReady: acceptAll });

  const commands: Record<string, Command> = {
    PING: (_, [text, more]) => {
      if (more !== undefined) return undefined;
      return text === undefined ? simple('PONG') : bulk(text);
    },
    ECHO: (_, args) => (args.length === 1 ? bulk(args[0]) : undefined),
    GET: (_, args) => (args.length === 1 ? bulk(entries.get(keyOf(args[0]))?.value) : undefined),
    SET: (_, args) => set(args),
    DEL: (_, args) => {
      if (args.length === 0) return undefined;
      return integer(args.filter((key) => remove(keyOf(key))).length);
    },
    SUBSCRIBE: (client, args) => {
      if (args.length === 0) return undefined;
      return Buffer.concat(args.map((channel) => subscribe(client, channel)));
    },
    PUBLISH: (_, [channel, message, more]) => {
      if (channel === undefined || message === undefined || more !== undefined) return undefined;
      return integer(publish(channel, message));
    },
  };

  function set([key, value, option, time, more]: readonly Buffer[]): Buffer | undefined {
    if (key === undefined || value === undefined || more !== undefined) return undefined;
    const ms = Number(time?.toString());
    if (option !== undefined && option.toString().toUpperCase() !== 'PX') {
      return failure('syntax error');
    }
    if (option !== undefined && !(ms > 0)) return failure('invalid expire time');
    const at = keyOf(key);
    remove(at);
    const expiry = option && reactor.setTimeout(() => entries.delete(at), ms);
    entries.set(at, { value: Buffer.from(value), expiry });
    return simple('OK');
  }

  function remove(key: string): boolean {
    entries.get(key)?.expiry?.clear();
    return entries.delete(key);
  }

  function subscribe(client: Client, channel: Buffer): Buffer {
    const at = keyOf(channel);
    const subscribers = channels.get(at) ?? new Set();
    channels.set(at, subscribers.add(client));
    client.channels.add(at);
    client.idle.clear();
    return array(bulk(Buffer.from('subscribe')), bulk(channel), integer(client.channels.size));
  }

  function publish(channel: Buffer, message: Buffer): number {
    const push = array(bulk(Buffer.from('message')), bulk(channel), bulk(message));
    let receivers = 0;
    for (const client of channels.get(keyOf(channel)) ?? []) {
      queue(client, push);
      if (client.queuedBytes > BACKED_UP_BYTES) send(client);
      if (client.queuedBytes > QUEUE_MAX) drop(client);
      else {
        watch(client); // with Writable, it gets this and what else comes in this turn
        receivers++;
      }
    }
    return receivers;
  }

  function acceptAll(): void {
    for (;;) {
      const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
      if (fd < 0) return;
      const registration = reactor.register(fd, Interest.Readable, {
        onReady(readiness) {
          if ((readiness & Readiness.Writable) !== 0) {
            client.isBlocked = false;
            carryOut(client);
          }
          if ((readiness & ~Readiness.Writable) !== 0) receive(client);
        },
      });
      const client: Client = {
        fd,
        registration,
        parser: new Parser(),
        channels: new Set(),
        idle: reactor.setTimeout(() => drop(client), IDLE_MS),
        queue: [],
        queuedBytes: 0,
        interest: Interest.Readable,
        isBlocked: false,
        hasEnded: false,
        isBroken: false,
      };
      clients.add(client);
    }
  }

  function drop(client: Client): void {
    if (!clients.delete(client)) return;
    client.idle.clear();
    for (const channel of client.channels) channels.get(channel)?.delete(client);
    client.registration.close();
    sys.close(client.fd);
  }

  function receive(client: Client): void {
    if (!clients.has(client) || (client.interest & Interest.Readable) === 0) return;
    const count = sys.recv(client.fd, room);
    if (count === sys.WOULD_BLOCK) return;
    if (count < 0) {
      drop(client);
      return;
    }
    if (count === 0) client.hasEnded = true;
    else client.parser.push(room.subarray(0, count));
    if (client.channels.size === 0) client.idle.refresh();
    carryOut(client);
  }

  // All commands that are whole, as long as the client takes its answers.
  function carryOut(client: Client): void {
    let isThereMore = true;
    while (isThereMore && clients.has(client)) {
      while (isThereMore && client.queuedBytes <= BACKED_UP_BYTES)
        isThereMore = carryOutOne(client);
      send(client);
      if (client.queuedBytes > BACKED_UP_BYTES) break;
    }
    if (!clients.has(client)) return;
    const isDone = !isThereMore && client.queuedBytes === 0;
    if (client.hasEnded && isDone) drop(client);
    else watch(client);
  }

  // False: there is no whole command.
  function carryOutOne(client: Client): boolean {
    if (client.isBroken) return false;
    try {
      const words = client.parser.next();
      if (words === undefined) return false;
      queue(client, answer(client, words));
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      queue(client, failure(`Protocol error: ${error.message}`));
      client.isBroken = true;
      client.hasEnded = true;
      return false;
    }
  }

  function answer(client: Client, [word, ...args]: readonly Buffer[]): Buffer {
    const name = word?.toString() ?? '';
    const command = commands[name.toUpperCase()];
    if (command === undefined) return failure(`unknown command '${name.replace(/\W/g, '?')}'`);
    return command(client, args) ?? failure(`wrong number of arguments for '${name}'`);
  }

  function queue(client: Client, bytes: Buffer): void {
    client.queue.push(bytes);
    client.queuedBytes += bytes.length;
  }

  function send(client: Client): void {
    if (client.queuedBytes === 0 || client.isBlocked) return;
    let rest = Buffer.concat(client.queue);
    while (rest.length > 0) {
      const count = sys.send(client.fd, rest);
      client.isBlocked = count === sys.WOULD_BLOCK;
      if (client.isBlocked) break;
      if (count < 0) {
        drop(client);
        return;
      }
      rest = rest.subarray(count);
    }
    client.queue = rest.length === 0 ? [] : [rest];
    client.queuedBytes = rest.length;
  }

  function watch(client: Client): void {
    const isFull = client.queuedBytes > BACKED_UP_BYTES;
    const reads = client.hasEnded || isFull ? 0 : Interest.Readable;
    const interest = reads | (client.queuedBytes > 0 ? Interest.Writable : 0);
    if (interest === client.interest) return;
    client.interest = interest;
    client.registration.setInterest(interest);
  }

  return {
    port: name.port ?? 0,
    turn: (timeoutMs) => void reactor.turn(timeoutMs),
    close() {
      for (const client of [...clients]) drop(client);
      reactor.close();
      sys.close(listener);
    },
  };
}

/** Any bytes as the key of a Map: one character each. */
function keyOf(bytes: Buffer | undefined): string {
  return bytes?.toString('latin1') ?? '';
}

function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
