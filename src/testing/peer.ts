// The other side of a simulated connection: a plain peer of the program under test, with no reactor in it. It
// has no descriptor, and takes what arrives at once unless it is paused or slow.
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { Clock, Scheduled } from './kernel/clock.ts';
import type { Socket } from './kernel/socket.ts';

const { EAGAIN, EPIPE } = constants.errno;
const NS_PER_MS = 1e6;
const READ_BYTES = 65_536;

interface Wanted {
  /** @returns whether what it waits for is there, or cannot come any more. */
  isDone(): boolean;
  readonly resolve: () => void;
}

/** A peer, made by `sim.connect` and for each connection of `sim.listen`. */
export class Peer {
  /** Whether the program has sent its last. */
  isEnded = false;
  /** What went wrong, such as `'ECONNRESET'`; undefined: nothing. */
  error: string | undefined;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #unsent: Uint8Array[] = [];
  #waiting: Wanted[] = [];
  #received = Buffer.alloc(0);
  #readAt = 0;
  #isPaused = false;
  #isEnding = false;
  #isMoving = false;
  #bytesPerMs = Number.POSITIVE_INFINITY;
  #next: Scheduled | undefined;

  /** @internal */
  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.watchers.add({ onActivity: () => this.#moveLater(), onRelease: () => undefined });
    this.#move();
  }

  /** All that has come so far. */
  get received(): Buffer {
    return this.#received;
  }

  /** Sends bytes, as fast as there is room for them. */
  write(bytes: string | Uint8Array): this {
    this.#unsent.push(Buffer.from(bytes));
    this.#move();
    return this;
  }

  /** Sends its last behind what it has written. */
  end(bytes?: string | Uint8Array): this {
    if (bytes !== undefined) this.#unsent.push(Buffer.from(bytes));
    this.#isEnding = true;
    this.#move();
    return this;
  }

  /** Ends the connection by a reset. */
  reset(): void {
    this.#socket.stream?.reset();
  }

  /** Takes nothing until `resume`: the program finds no room at some time. */
  pause(): this {
    this.#isPaused = true;
    return this;
  }

  /** Takes again what comes. */
  resume(): this {
    this.#isPaused = false;
    this.#move();
    return this;
  }

  /** Takes only so many bytes of what comes in each millisecond. */
  slow(bytesPerMs: number): this {
    this.#bytesPerMs = bytesPerMs;
    return this;
  }

  /** The next line, without its end; what is left when the program has sent its last. */
  async line(): Promise<string> {
    await this.#until(() => this.#received.indexOf('\n', this.#readAt) >= 0);
    const at = this.#received.indexOf('\n', this.#readAt);
    const end = at < 0 ? this.#received.length : at;
    const line = this.#received.toString('utf8', this.#readAt, end);
    this.#readAt = at < 0 ? end : at + 1;
    return line;
  }

  /** The next `count` bytes; fewer when the program has sent its last. */
  async read(count: number): Promise<Buffer> {
    await this.#until(() => this.#received.length >= this.#readAt + count);
    const bytes = this.#received.subarray(this.#readAt, this.#readAt + count);
    this.#readAt += bytes.length;
    return bytes;
  }

  /** All that comes until the program has sent its last. */
  async bytes(): Promise<Buffer> {
    await this.#until(() => false);
    const bytes = this.#received.subarray(this.#readAt);
    this.#readAt = this.#received.length;
    return bytes;
  }

  /** The same as text. */
  async text(): Promise<string> {
    return (await this.bytes()).toString();
  }

  #until(isThere: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isDone: () => isThere() || this.isEnded, resolve });
      this.#answer();
    });
  }

  #answer(): void {
    const done = this.#waiting.filter((wanted) => wanted.isDone());
    this.#waiting = this.#waiting.filter((wanted) => !done.includes(wanted));
    for (const { resolve } of done) resolve();
  }

  // Not in the middle of a call of the program.
  #moveLater(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    this.#clock.after(0, () => {
      this.#isMoving = false;
      this.#move();
    });
  }

  #move(): void {
    this.#send();
    if (!this.#isPaused) this.#receive();
    this.#answer();
  }

  #send(): void {
    const { stream } = this.#socket;
    if (stream === undefined) return;
    for (let first = this.#unsent.shift(); first !== undefined; first = this.#unsent.shift()) {
      const count = stream.write(first);
      if (count === first.length) continue;
      this.#unsent.unshift(first.subarray(Math.max(count, 0)));
      // A write takes the error from the connection: the next read would find an end. A pipe that is broken is
      // what it has ended itself, or has a read that says more.
      if (count < 0 && count !== -EAGAIN && count !== -EPIPE) this.#fail(count);
      return;
    }
    if (!this.#isEnding) return;
    this.#isEnding = false;
    stream.shutdown(false, true);
  }

  #fail(result: number): void {
    this.error = getSystemErrorName(result);
    this.isEnded = true;
  }

  #receive(): void {
    if (this.#next !== undefined) return;
    const isSlow = this.#bytesPerMs !== Number.POSITIVE_INFINITY;
    const most = isSlow ? this.#bytesPerMs : READ_BYTES;
    for (;;) {
      const { stream } = this.#socket;
      // An end or an error is found by a read of a byte.
      const into = Buffer.allocUnsafe(Math.min(most, Math.max(stream?.unread ?? 0, 1)));
      const count = stream?.read(into) ?? -EAGAIN;
      if (count === 0) this.isEnded = true;
      else if (count < 0 && count !== -EAGAIN) this.#fail(count);
      if (count <= 0) return;
      this.#received = Buffer.concat([this.#received, into.subarray(0, count)]);
      if (!isSlow) continue;
      this.#next = this.#clock.after(NS_PER_MS, () => {
        this.#next = undefined;
        this.#move();
      });
      return;
    }
  }
}
