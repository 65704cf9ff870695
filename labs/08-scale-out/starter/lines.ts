// The protocol of lab 3, solved; nothing is to be done here. Each line is answered in upper case, in order, and
// QUIT ends the conversation. Two lines are for trying out what a pool does: `WORK 200` keeps its thread busy for
// 200 ms, and `CRASH` throws.
import { Interest, type Reactor, Readiness, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';

const LINE_MAX = 1024;
const QUEUE_MAX = 65_536;
const NOTHING = Buffer.alloc(0);
const room = new Uint8Array(4096);

/** The lines of one client, whatever pieces they come in. */
export class Lines {
  #rest = '';
  #hasEnded = false;

  /** It has sent QUIT, or a line that is too long: nothing more is answered. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The answers to the lines that end in what has come. @throws Error - for CRASH. */
  answer(bytes: Uint8Array): Buffer {
    const lines = (this.#rest + Buffer.from(bytes).toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    let answers = '';
    for (const line of lines) {
      if (line === 'QUIT' || line.length > LINE_MAX) this.#hasEnded = true;
      if (this.#hasEnded) break;
      if (line === 'CRASH') throw new Error('CRASH: a mistake in a handler');
      if (line.startsWith('WORK ')) work(Number(line.slice('WORK '.length)));
      answers += `${line.toUpperCase()}\n`;
    }
    if (this.#rest.length > LINE_MAX) this.#hasEnded = true;
    return Buffer.from(answers, 'latin1');
  }
}

/** One client on a reactor. It borrows the descriptor, which its owner closes once `onEnd` was called. */
export class LineClient {
  readonly #fd: number;
  readonly #onEnd: (client: LineClient) => void;
  readonly #registration: Registration;
  readonly #lines = new Lines();
  #queue: Buffer = NOTHING;
  #hasEnded = false;
  #isClosed = false;

  /** @param onEnd - called once, when the client has left, or has all its answers and sends no more. */
  constructor(reactor: Reactor, fd: number, onEnd: (client: LineClient) => void) {
    this.#fd = fd;
    this.#onEnd = onEnd;
    this.#registration = reactor.register(fd, Interest.Readable, {
      onReady: (readiness) => {
        if (readiness === Readiness.Writable || this.#hasEnded) this.#send();
        else this.receive();
      },
    });
  }

  get fd(): number {
    return this.#fd;
  }

  /**
   * One read: answers the lines that it brings.
   *
   * @returns false: nothing is there now, nothing will come, or the client has to take its answers first.
   */
  receive(): boolean {
    if (this.#hasEnded || this.#isClosed || this.#queue.length > QUEUE_MAX) return false;
    const count = sys.recv(this.#fd, room);
    if (count === sys.WOULD_BLOCK) return false;
    if (count < 0) {
      this.close();
      return false;
    }
    const answers = this.#lines.answer(room.subarray(0, count));
    this.#queue = Buffer.concat([this.#queue, answers]);
    this.#hasEnded = count === 0 || this.#lines.hasEnded;
    this.#send();
    return !this.#hasEnded;
  }

  /** Reads no more, and ends when the client has all its answers, which may be now. */
  finish(): void {
    this.#hasEnded = true;
    this.#send();
  }

  /** Ends now, whatever is still to be sent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#registration.close();
    this.#onEnd(this);
  }

  #send(): void {
    if (this.#isClosed) return;
    if (this.#queue.length > 0) {
      const sent = sys.send(this.#fd, this.#queue);
      const isLost = sent < 0 && sent !== sys.WOULD_BLOCK;
      this.#queue = isLost ? NOTHING : this.#queue.subarray(Math.max(sent, 0));
      this.#hasEnded ||= isLost;
    }
    if (this.#hasEnded && this.#queue.length === 0) this.close();
    else this.#watch();
  }

  #watch(): void {
    const queued = this.#queue.length;
    const reads = this.#hasEnded || queued > QUEUE_MAX ? Interest.None : Interest.Readable;
    this.#registration.setInterest(reads | (queued > 0 ? Interest.Writable : Interest.None));
  }
}

function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
