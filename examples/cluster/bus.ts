// What joins the processes of the chat: whatever keeps messages in order, by room, and gives them out
// again. nats-bus.ts and redis-bus.ts are two of them.
import { openNatsBus } from './nats-bus.ts';
import { openRedisBus } from './redis-bus.ts';

/** Something to be said in a room. */
export interface Saying {
  readonly room: string;
  readonly name: string;
  readonly text: string;
  /** Chosen by the client, one for each message of a name; empty: it may be lost, or be there twice. */
  readonly id: string;
}

/** Something that was said. */
export interface Said extends Saying {
  /** Its place in the room: later ones are behind it. Given back to `follow` as it is. */
  readonly seq: string;
}

/** Receives what is said in one room. */
export interface Following {
  stop(): void;
}

export interface Bus {
  /** Whether it can be reached now. */
  readonly isReady: boolean;
  /**
   * Resolves when the message is kept by as many servers as are asked for. Called again with the same
   * name and id, as after a failure that leaves open whether it was kept, it keeps nothing more.
   */
  say(saying: Saying): Promise<void>;
  /**
   * Calls back with all that was said in a room behind `after`, once and in order; undefined: from now
   * on, `'0'`: from the beginning. It goes on by itself where a failure has stopped it.
   */
  follow(room: string, after: string | undefined, onSaid: (said: Said) => void): Following;
  close(): Promise<void>;
}

/**
 * Opens a bus by its URL: `nats://HOST:PORT,HOST:PORT` or `redis://HOST:PORT`.
 *
 * @param isFirst - of its process: it makes what the others use.
 */
export function openBus(url: string, isFirst: boolean): Promise<Bus> {
  const places = url.replace('nats://', '').split(',');
  if (url.startsWith('nats://')) return openNatsBus(places, isFirst);
  return openRedisBus(url);
}
