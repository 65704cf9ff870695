// One connection: takes heads out of what comes, and answers one request after the other. While one
// is being answered the connection is paused as soon as more comes, so that what a client may send
// ahead (pipelining) is bounded by one read and the kernel's buffer.
import type { Connection, Reactor, Timer } from 'edgewise';
import { answer } from './answer.ts';
import { endOfHead, parseHead, type Request } from './head.ts';
import { formatRefusal, Refusal } from './response.ts';

/** How long a client may go on sending after the end was announced, before it is cut off. */
const LINGER_MS = 2_000;
/** Unsent bytes from which `write` answers false. */
export const HIGH_WATER_MARK = 65_536;

export interface SessionOptions {
  /** The real path of the folder that is served. */
  readonly root: string;
  readonly reactor: Reactor;
  /** A head must be whole so long after its first byte: a byte now and then does not help. */
  readonly headMs: number;
}

export class Session {
  readonly #connection: Connection<Session>;
  readonly #options: SessionOptions;
  #received = ''; // Latin-1: one character is one byte
  #isAnswering = false;
  #isEnding = false; // no further request is taken
  #deadline: Timer | undefined;
  #onDrain: () => void = () => undefined;

  constructor(connection: Connection<Session>, options: SessionOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  receive(bytes: Buffer): void {
    if (this.#isEnding && !this.#isAnswering) return; // see #end
    this.#received += bytes.toString('latin1');
    if (this.#isAnswering) this.#connection.pause();
    else void this.#answerAll();
  }

  /** The peer will send no more; what it has asked for is still answered. */
  onEnd(): void {
    if (!this.#isAnswering) this.#end();
  }

  /** The server shuts down: the answer that is under way is the last one. */
  finish(): void {
    this.#isEnding = true;
    if (!this.#isAnswering) this.#end();
  }

  /** Nothing was received or sent for long: an idle client, or one that does not read its answer. */
  onTimeout(): void {
    if (this.#isAnswering) this.#connection.destroy();
    else this.#end();
  }

  onDrain(): void {
    this.#onDrain();
  }

  onClose(): void {
    this.#isEnding = true;
    this.#deadline?.clear();
    this.#onDrain();
  }

  async #answerAll(): Promise<void> {
    this.#isAnswering = true;
    while (!this.#isEnding && (await this.#answerNext()));
    this.#isAnswering = false;
    if (this.#isEnding || this.#connection.isReadEnded) {
      this.#end();
      return;
    }
    if (this.#received !== '') this.#deadline ??= this.#startDeadline();
    this.#connection.resume();
  }

  /** @returns false: the next head is not whole yet. */
  async #answerNext(): Promise<boolean> {
    let request: Request | undefined;
    try {
      const end = endOfHead(this.#received);
      if (end === -1) return false;
      request = this.#takeHead(end);
      this.#isEnding ||= !request.keepsAlive;
      await answer(this.#connection, request, this.#options.root, !this.#isEnding);
    } catch (error) {
      this.#refuse(error, request);
    }
    // Small answers are not waited for one by one, but they must not pile up either.
    if (this.#connection.writableLength >= HIGH_WATER_MARK) {
      await new Promise<void>((resolve) => {
        this.#onDrain = resolve;
      });
    }
    return true;
  }

  #takeHead(end: number): Request {
    const head = this.#received.slice(0, end);
    this.#received = this.#received.slice(end + 4);
    this.#deadline?.clear();
    this.#deadline = undefined;
    return parseHead(head);
  }

  #startDeadline(): Timer {
    const { reactor, headMs } = this.#options;
    const onLate = () => {
      this.#refuse(new Refusal(408), undefined);
      this.#end();
    };
    return reactor.setTimeout(onLate, headMs).unref();
  }

  #refuse(error: unknown, request: Request | undefined): void {
    if (this.#connection.isClosed) return;
    if (!(error instanceof Refusal)) console.error(error);
    const refusal = error instanceof Refusal ? error : new Refusal(500);
    // Without a request it is unknown where the next one would begin.
    this.#isEnding ||= request === undefined || refusal.status >= 500;
    const isHead = request?.method === 'HEAD';
    this.#connection.write(formatRefusal(refusal, isHead, !this.#isEnding));
  }

  // What the client goes on sending is read and dropped for a while: closing over unread bytes would
  // be a reset, which can overtake the answer.
  #end(): void {
    this.#isEnding = true;
    this.#received = '';
    this.#deadline?.clear();
    this.#connection.resume();
    this.#connection.close({ timeoutMs: LINGER_MS });
  }
}
