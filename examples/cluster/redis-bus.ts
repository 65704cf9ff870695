// The bus on streams of Redis, one for each room: XADD gives each message the next id, and a key of its
// own, for as long as WINDOW, says that it is there already; a script does both or nothing. What is
// kept is as safe as Redis is set up to keep it: `appendonly yes` with `appendfsync always`, and WAIT
// where there are replicas, which a failover may nevertheless leave behind. A member that reads has a
// connection of its own, since XREAD blocks one.
import { setTimeout as delay } from 'node:timers/promises';
import { Socket } from 'edgewise/net';
import { Redis } from 'ioredis';
import type { Bus, Following, Said, Saying } from './bus.ts';

const WINDOW_SECONDS = 120;
const MESSAGES_MAX = 100_000;
const BLOCK_MS = 1000;
const AGAIN_MS = 100;

const SAY = `
if ARGV[2] ~= '' then
  if redis.call('EXISTS', KEYS[2]) == 1 then return end
  redis.call('SET', KEYS[2], '', 'EX', ${WINDOW_SECONDS})
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ${MESSAGES_MAX}, '*', 'said', ARGV[1])`;

type Entry = [id: string, fields: string[]];

/** A client over a socket of edgewise, which connects again by itself. */
function clientOf(url: string): Redis {
  const { hostname: host, port } = new URL(url);
  class Connector {
    #socket: Socket | undefined;
    async connect() {
      this.#socket = new Socket();
      return this.#socket.connect({ host, port: Number(port) });
    }
    check() {
      return true;
    }
    disconnect() {
      this.#socket?.end();
    }
  }
  const client = new Redis({
    Connector: Connector as never,
    maxRetriesPerRequest: null, // commands wait for the connection
    retryStrategy: () => AGAIN_MS,
  });
  client.on('error', () => undefined); // it connects again
  return client;
}

class RedisBus implements Bus {
  readonly #url: string;
  readonly #client: Redis;
  readonly #followings = new Set<RedisFollowing>();

  constructor(url: string, client: Redis) {
    this.#url = url;
    this.#client = client;
  }

  get isReady(): boolean {
    return this.#client.status === 'ready';
  }

  async say({ room, name, text, id }: Saying): Promise<void> {
    const keys = [`chat:${room}`, `chat:${room}:${name}:${id}`];
    await this.#client.eval(SAY, keys.length, ...keys, JSON.stringify({ name, text, id }), id);
  }

  follow(room: string, after: string | undefined, onSaid: (said: Said) => void): Following {
    const following = new RedisFollowing(clientOf(this.#url), room, after, onSaid);
    this.#followings.add(following);
    void following.run().finally(() => this.#followings.delete(following));
    return following;
  }

  async close(): Promise<void> {
    for (const following of this.#followings) following.stop();
    this.#client.disconnect();
  }
}

class RedisFollowing implements Following {
  readonly #client: Redis;
  readonly #room: string;
  readonly #onSaid: (said: Said) => void;
  #last: string | undefined;
  #isStopped = false;

  constructor(
    client: Redis,
    room: string,
    after: string | undefined,
    onSaid: (said: Said) => void,
  ) {
    this.#client = client;
    this.#room = room;
    this.#last = after;
    this.#onSaid = onSaid;
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#read(`chat:${this.#room}`);
      } catch {
        await delay(AGAIN_MS); // cut off: from the last one on, as soon as it is there
      }
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#client.disconnect();
  }

  async #read(key: string): Promise<void> {
    const newest = async () => (await this.#client.xrevrange(key, '+', '-', 'COUNT', 1))[0]?.[0];
    this.#last ??= (await newest()) ?? '0';
    const found = await this.#client.xread('BLOCK', BLOCK_MS, 'STREAMS', key, this.#last);
    for (const [seq, [, message = '']] of (found?.[0]?.[1] ?? []) as Entry[]) {
      if (this.#isStopped) return;
      this.#last = seq;
      this.#onSaid({ room: this.#room, seq, ...JSON.parse(message) });
    }
  }
}

export async function openRedisBus(url: string): Promise<Bus> {
  const client = clientOf(url);
  await client.ping();
  return new RedisBus(url, client);
}
