// Clients of the chat as the guide describes them: each says one message at a time, says it again until
// it is acknowledged, and, when its connection ends, connects again and resumes behind the last one that
// it has seen. What each has received is compared with what was acknowledged.
import { connect } from 'node:net';
import { HOST } from './processes.mjs';

const AGAIN_MS = 50;
const PACE_MS = 20;
/** After so many messages one is kept, and its answer is lost: a message that is said again then counts once. */
const CUT_EVERY = 16;
/** A connection that brings no answer for so long is given up. */
const SILENCE_MS = 8000;

export class Client {
  name;
  room;
  /** Ids that were said, and of these those that were acknowledged, in order. */
  sent = [];
  acknowledged = [];
  /** `{ seq, id, name, text }`, in the order in which they came. */
  received = [];
  connectionCount = 0;
  /** Times that a message was said again, because its answer did not come. */
  againCount = 0;
  #ports;
  #last = '0';
  #pending;
  #socket;
  #isClosed = false;
  #onChange;

  /** @param ports - where it connects to, in turn: of a balancer one will do. */
  constructor(name, room, ports, onChange) {
    this.name = name;
    this.room = room;
    this.#ports = ports;
    this.#onChange = onChange;
    this.#connect();
  }

  /** Says messages until `isDone`; resolves when the last one is acknowledged. */
  async say(isDone) {
    while (!isDone()) {
      const id = `${this.name}-${this.sent.length}`;
      this.sent.push(id);
      await new Promise((resolve) => {
        this.#pending = { line: `/say ${id} text of ${id} Ω\n`, id, resolve };
        this.#socket.write(this.#pending.line);
        if (this.sent.length % CUT_EVERY === 0) this.#socket.end(); // so that no answer comes
      });
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  }

  close() {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #sayAgain() {
    this.againCount++;
    this.#socket.write(this.#pending.line);
  }

  #connect() {
    const port = this.#ports[this.connectionCount++ % this.#ports.length];
    const socket = connect(port, HOST);
    this.#socket = socket;
    let rest = '';
    socket.setEncoding('utf8');
    socket.write(`/nick ${this.name}\r\n/resume ${this.room} ${this.#last}\n`);
    if (this.#pending !== undefined) this.#sayAgain();
    socket.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) this.#onLine(line);
    });
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      if (!this.#isClosed) setTimeout(() => this.#connect(), AGAIN_MS);
    });
  }

  #onLine(line) {
    const said = /^@(\S+) (\S+) (\S+): (.*)$/.exec(line);
    if (said !== null) {
      const [, seq, id, name, text] = said;
      this.#last = seq;
      this.received.push({ seq, id, name, text });
      this.#onChange();
      return;
    }
    const [, outcome, id] = /^\* (ok|failed) (\S+)$/.exec(line) ?? [];
    if (id === undefined || id !== this.#pending?.id) return;
    if (outcome === 'failed') {
      this.#sayAgain();
      return;
    }
    const { resolve } = this.#pending;
    this.#pending = undefined;
    this.acknowledged.push(id);
    this.#onChange();
    resolve();
  }
}

/** A number that grows with the place in the room: a sequence, or `MILLISECONDS-COUNT` of Redis. */
function placeOf(seq) {
  const [first, second = '0'] = seq.split('-');
  return BigInt(first) * 2n ** 32n + BigInt(second);
}

/** Compares what the clients of one room have received with what was acknowledged in it. */
export function judge(clients) {
  const acknowledged = new Set(clients.flatMap((client) => client.acknowledged));
  const counts = { received: 0, lost: 0, doubled: 0, outOfOrder: 0 };
  for (const { received } of clients) {
    const seen = new Set();
    const lastOf = new Map();
    let last = -1n;
    for (const { seq, id, name, text } of received) {
      const place = placeOf(seq);
      const number = Number(id.slice(name.length + 1));
      const isInOrder = place > last && number > (lastOf.get(name) ?? -1);
      counts.received++;
      if (seen.has(id)) counts.doubled++;
      else if (!isInOrder) counts.outOfOrder++;
      if (text !== `text of ${id} Ω`) throw new Error(`${id} came as ${JSON.stringify(text)}`);
      seen.add(id);
      lastOf.set(name, number);
      last = place;
    }
    for (const id of acknowledged) if (!seen.has(id)) counts.lost++;
  }
  return counts;
}

/** Whether every client has received what was acknowledged in its room. */
export function isComplete(clients) {
  const acknowledged = clients.flatMap((client) => client.acknowledged);
  return clients.every(({ received }) => {
    const seen = new Set(received.map(({ id }) => id));
    return acknowledged.every((id) => seen.has(id));
  });
}
