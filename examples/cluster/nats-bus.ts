// The bus on NATS: one stream of JetStream with a subject for each room, kept by three servers. Once:
// the id of a message is its Nats-Msg-Id, so a stream takes it once however often it is published
// within WINDOW. In order: a stream gives each message the next sequence, and an ordered consumer
// brings them by it; where it is cut off, it begins again behind the last one that came.
import { setTimeout as delay } from 'node:timers/promises';
import {
  DeliverPolicy,
  type JetStreamClient,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/nats-core';
import type { Bus, Following, Said, Saying } from './bus.ts';
import { connect } from './nats-sockets.ts';
import { persist } from './persist.ts';

const STREAM = 'CHAT';
const REPLICAS = Number(process.env.CHAT_REPLICAS ?? 3);
/** A client may say a message again, and it counts once, for so long. */
const WINDOW_MS = 120_000;
/** Of the oldest that a member can still read again. */
const MESSAGES_MAX = 1_000_000;
const ANSWER_MS = 1000;
const AGAIN_MS = 100;
const SILENCE_MS = 500;

class NatsBus implements Bus {
  isReady = true;
  readonly #nats: NatsConnection;
  readonly #stream: JetStreamClient;

  constructor(nats: NatsConnection) {
    this.#nats = nats;
    this.#stream = jetstream(nats, { timeout: ANSWER_MS });
    void this.#watch();
  }

  async say({ room, name, text, id }: Saying): Promise<void> {
    const message = JSON.stringify({ name, text, id });
    const once = id === '' ? {} : { msgID: `${room}.${name}.${id}` };
    const publish = () =>
      this.#stream.publish(`chat.${room}`, message, { ...once, timeout: ANSWER_MS });
    await (id === '' ? publish() : persist(publish));
  }

  follow(room: string, after: string | undefined, onSaid: (said: Said) => void): Following {
    const following = new NatsFollowing(this.#stream, room, after, onSaid);
    void following.run();
    return following;
  }

  async close(): Promise<void> {
    await this.#nats.close();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#nats.status()) {
      if (type === 'disconnect') this.isReady = false;
      else if (type === 'reconnect') this.isReady = true;
    }
  }
}

class NatsFollowing implements Following {
  readonly #stream: JetStreamClient;
  readonly #room: string;
  readonly #onSaid: (said: Said) => void;
  #last: number | undefined;
  #isStopped = false;
  #stopReading: () => void = () => undefined;

  constructor(
    stream: JetStreamClient,
    room: string,
    after: string | undefined,
    onSaid: (said: Said) => void,
  ) {
    this.#stream = stream;
    this.#room = room;
    this.#last = after === undefined ? undefined : Number(after);
    this.#onSaid = onSaid;
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#read();
      } catch {
        await delay(AGAIN_MS); // no leader, or no server now: from the last one on, as soon as there is
      }
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopReading();
  }

  async #read(): Promise<void> {
    const from =
      this.#last === undefined
        ? { deliver_policy: DeliverPolicy.New }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#last + 1 };
    const filter = { filter_subjects: `chat.${this.#room}` };
    const consumer = await this.#stream.consumers.get(STREAM, { ...filter, ...from });
    const messages = await consumer.consume({ idle_heartbeat: SILENCE_MS, expires: 2 * ANSWER_MS });
    this.#stopReading = () => messages.stop();
    if (this.#isStopped) messages.stop();
    for await (const { seq, data } of messages) {
      if (this.#last !== undefined && seq <= this.#last) continue;
      this.#last = seq;
      const { name, text, id } = JSON.parse(Buffer.from(data).toString());
      this.#onSaid({ room: this.#room, seq: String(seq), name, text, id });
    }
  }
}

/** @param isFirst - makes the stream where there is none yet: once for each process. */
export async function openNatsBus(servers: string[], isFirst: boolean): Promise<Bus> {
  const nats = await connect({
    servers,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: AGAIN_MS,
    timeout: 2 * ANSWER_MS,
    pingInterval: 2 * ANSWER_MS,
  });
  if (isFirst) await persist(() => makeStream(nats));
  return new NatsBus(nats);
}

// Several processes may do so at once: it is made by one of them, and the others find it.
async function makeStream(nats: NatsConnection): Promise<void> {
  const { streams } = await jetstreamManager(nats, { timeout: 2 * ANSWER_MS });
  const isThere = await streams.info(STREAM).then(
    () => true,
    () => false, // not yet, or no leader that knows: then making it fails as well
  );
  if (isThere) return;
  await streams.add({
    name: STREAM,
    subjects: ['chat.*'],
    num_replicas: REPLICAS,
    max_msgs: MESSAGES_MAX,
    duplicate_window: nanos(WINDOW_MS),
  });
}
