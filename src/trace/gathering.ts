// The streams of other threads: each announces its parts on a channel of the process, and what it records
// is in memory that it shares. So the thread that writes the file needs no answer of theirs: it
// has the streams of those that block in a handler as well, and of those that were ended.
import { BroadcastChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { TraceStream } from './data.ts';
import { type StreamPart, StreamParts } from './parts.ts';

const CHANNEL = 'edgewise.trace';

interface Announcement {
  /** Of which stream. */
  readonly key: string;
  readonly part: StreamPart;
}

/** Announces a stream of this thread. @param key - sets it apart from all others of the process. */
export function announceStream(key: string, parts: StreamParts): void {
  parts.share((part) => {
    // Open for this one announcement only: it would get those of all other threads.
    const channel = new BroadcastChannel(CHANNEL);
    channel.postMessage({ key, part } satisfies Announcement);
    channel.close();
  });
}

/** Gathers what other threads announce from now on. */
export class Gathering {
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #streams = new Map<string, StreamParts>();

  constructor() {
    this.#channel.onmessage = (event) => this.#take((event as { data: Announcement }).data);
    this.#channel.unref();
  }

  /** A copy of their streams, in the order in which they began. @param sinceNs - as `StreamParts.read`. */
  read(sinceNs: number): TraceStream[] {
    // What the loop of Node has not delivered yet: this thread may be at its end.
    const port = this.#channel as unknown as MessagePort;
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
      this.#take(next.message as Announcement);
    }
    return [...this.#streams.values()].map((parts) => parts.read(sinceNs));
  }

  #take({ key, part }: Announcement): void {
    if ('about' in part) this.#streams.set(key, new StreamParts(part.about));
    else this.#streams.get(key)?.take(part);
  }
}
