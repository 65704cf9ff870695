// The other end of a connection of a program under test: exact about when its bytes, its end and its reset go
// out. It reads all the time, unless it is asked not to. On a reactor, over raw descriptors.
import { Interest, type Reactor, Readiness, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, IPPROTO_TCP, TCP_NODELAY, SHUT_WR } = sys.constants;
const { SOL_SOCKET, SO_LINGER, SO_RCVBUF, SO_ERROR, MSG_MORE } = sys.constants;
const ROOM_BYTES = 65_536;

export interface PeerOptions {
  /** SO_RCVBUF: what it takes without reading, before the sender has to stop. The kernel doubles it. */
  readonly receiveBuffer?: number;
  /** It does not read until `resume`. */
  readonly isPaused?: boolean;
}

export class Peer {
  readonly #fd: number;
  readonly #registration: Registration;
  readonly #room = new Uint8Array(ROOM_BYTES);
  #received: Buffer[] = [];
  #length = 0;
  #unsent: Uint8Array[] = [];
  #isPaused: boolean;
  #isEnding = false;
  #isConnected: boolean;
  #isClosed = false;
  #hasEnded = false;
  #error: string | undefined;

  /** @param fd - a non-blocking socket, which it closes. */
  constructor(
    reactor: Reactor,
    fd: number,
    isConnected: boolean,
    { isPaused = false }: PeerOptions = {},
  ) {
    this.#fd = fd;
    this.#isConnected = isConnected;
    this.#isPaused = isPaused;
    sys.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    this.#registration = reactor.register(fd, this.#interest, {
      onReady: (readiness) => this.#onReady(readiness),
    });
  }

  /** Connects to a port of this machine. */
  static connect(reactor: Reactor, port: number, options: PeerOptions = {}): Peer {
    const fd = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK), 'socket');
    const { receiveBuffer } = options;
    if (receiveBuffer !== undefined) sys.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, receiveBuffer);
    const result = sys.connect(fd, { address: '127.0.0.1', port });
    const peer = new Peer(reactor, fd, result === 0, options);
    return peer;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** The program has ended its side, or reset the connection. */
  get hasEnded(): boolean {
    return this.#hasEnded || this.#error !== undefined;
  }

  /** What the connection has failed with: `'ECONNRESET'`. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Bytes received and not taken. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that the program has not taken yet, nor the kernel for it. */
  get unsentBytes(): number {
    return this.#unsent.reduce((sum, { length }) => sum + length, 0);
  }

  /** Sends as soon as the kernel takes it; each call is a segment of its own, where the buffers allow it. */
  write(data: Uint8Array | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    if (bytes.length === 0 || this.#isClosed) return;
    this.#unsent.push(bytes);
    this.#send();
  }

  /** Ends its side when all is sent: what the program reads last is 0. */
  end(): void {
    this.#isEnding = true;
    this.#send();
  }

  /** Sends bytes and the end behind them in one segment. */
  endWith(data: Uint8Array | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    sys.send(this.#fd, bytes, 0, bytes.length, MSG_MORE);
    this.end();
  }

  /** Resets the connection: what is on its way is lost, and the next call of the program fails. */
  reset(): void {
    if (this.#isClosed) return;
    sys.setsockopt(this.#fd, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0));
    this.close();
  }

  pause(): void {
    this.#isPaused = true;
    this.#watch();
  }

  resume(): void {
    this.#isPaused = false;
    this.#watch();
  }

  /** All that was received and not taken. */
  takeAll(): Buffer {
    const all = Buffer.concat(this.#received);
    this.#received = [];
    this.#length = 0;
    return all;
  }

  /** What was received up to a separator, and that; undefined: it has not come. */
  takeTo(separator: string): Buffer | undefined {
    const all = Buffer.concat(this.#received);
    this.#received = [all];
    const at = all.indexOf(separator);
    if (at < 0) return undefined;
    return this.take(at + Buffer.byteLength(separator));
  }

  /** So many bytes; undefined: they have not come. */
  take(count: number): Buffer | undefined {
    if (this.#length < count) return undefined;
    const all = this.takeAll();
    const rest = all.subarray(count);
    this.#received = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return all.subarray(0, count);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#registration.close();
    sys.close(this.#fd);
  }

  get #interest(): number {
    const reads = this.#isPaused || this.hasEnded ? 0 : Interest.Readable;
    const writes = !this.#isConnected || this.#unsent.length > 0 ? Interest.Writable : 0;
    return reads | writes;
  }

  #watch(): void {
    if (!this.#isClosed) this.#registration.setInterest(this.#interest);
  }

  #onReady(readiness: number): void {
    if ((readiness & Readiness.Error) !== 0) {
      const error = new Int32Array(1);
      sys.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, error);
      if (error[0] !== 0) this.#fail(-(error[0] as number));
    }
    if ((readiness & Readiness.Writable) !== 0 && this.#error === undefined) {
      this.#isConnected = true;
      this.#send();
    }
    if ((readiness & Readiness.Readable) !== 0 && !this.#isPaused) this.#receive();
    this.#watch();
  }

  #receive(): void {
    const count = sys.recv(this.#fd, this.#room);
    if (count > 0) {
      this.#received.push(Buffer.from(this.#room.subarray(0, count)));
      this.#length += count;
    } else if (count === 0) this.#hasEnded = true;
    else if (count !== sys.WOULD_BLOCK) this.#fail(count);
  }

  #send(): void {
    while (this.#isConnected && !this.#isClosed && this.#unsent.length > 0) {
      const first = this.#unsent[0] as Uint8Array;
      const sent = sys.send(this.#fd, first);
      if (sent < 0) {
        if (sent !== sys.WOULD_BLOCK) this.#fail(sent);
        break;
      }
      if (sent === first.length) this.#unsent.shift();
      else this.#unsent[0] = first.subarray(sent);
    }
    if (this.#isEnding && this.#isConnected && this.#unsent.length === 0 && !this.#isClosed) {
      this.#isEnding = false;
      sys.shutdown(this.#fd, SHUT_WR);
    }
    this.#watch();
  }

  #fail(result: number): void {
    this.#error ??= sys.errnoName(result);
    // It was accepted, and reset before that was seen here.
    if (this.#error === 'ECONNRESET') this.#isConnected = true;
    this.#unsent = [];
  }
}

/** @throws Error - a call of the grader itself has failed. */
export function must(result: number, what: string): number {
  if (result < 0) throw new Error(`the grader: ${what}: ${sys.errnoName(result)}`);
  return result;
}
