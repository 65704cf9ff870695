// The echo server on the raw Reactor that reads all ready sockets of a batch of events, and then
// answers all: two crossings into native code for a batch in place of two for each message.
import { type Handler, type Reactor, Readiness, type Registration } from '../index.ts';
import * as sys from '../sys/index.ts';
import type { EchoConnections, Unsent } from './echo-connections.ts';
import { startReactorEcho } from './echo-reactor.ts';
import type { EchoOptions, EchoServer } from './echo-server.ts';

const SIZE_MAX = 64 * 1024;
const ENTRIES_MAX = 1024;
const BYTES_COUNT = 1 << 20;
const { EINTR } = sys.constants;

/** The `data` of a connection that waits to be read in the batch. */
const QUEUED = new Uint8Array(0);

class BatchEchoHandler implements Handler<Unsent> {
  readonly #connections: EchoConnections;
  readonly #reactor: Reactor;
  readonly #batch = new sys.SocketBatch(ENTRIES_MAX, BYTES_COUNT);
  #ready: Registration<Unsent>[] = [];
  readonly #answer = () => this.#answerAll();

  constructor(connections: EchoConnections, reactor: Reactor) {
    this.#connections = connections;
    this.#reactor = reactor;
  }

  // Deferred functions run when all events of the turn were dispatched.
  onReady(readiness: Readiness, registration: Registration<Unsent>): void {
    const { data } = registration;
    if (data !== undefined && data !== QUEUED) {
      this.#connections.sendRest(registration);
      return;
    }
    // The end of a peer is not reported by a second edge, and a short read does not show it.
    const isEdge = registration.trigger === 'edge';
    if (isEdge && (readiness & Readiness.ReadClosed) !== 0) registration.requeue(readiness);
    if (data === QUEUED) return;
    registration.data = QUEUED;
    if (this.#ready.push(registration) === 1) this.#reactor.defer(this.#answer);
  }

  #answerAll(): void {
    const ready = this.#ready.filter((registration) => !registration.isClosed);
    this.#ready = [];
    const { fds } = this.#batch;
    for (let start = 0; start < ready.length; ) {
      const count = Math.min(ready.length - start, ENTRIES_MAX);
      for (let i = 0; i < count; i++) fds[i] = (ready[start + i] as Registration<Unsent>).fd;
      const received = sys.recvEach(this.#batch, count, SIZE_MAX);
      this.#answerEach(ready, start, received);
      start += received;
    }
  }

  #answerEach(ready: readonly Registration<Unsent>[], start: number, count: number): void {
    const { results } = this.#batch;
    for (let i = 0; i < count; i++) {
      const registration = ready[start + i] as Registration<Unsent>;
      const result = results[i] as number;
      registration.data = undefined;
      if (result > 0) {
        if (result === SIZE_MAX && registration.trigger === 'edge') registration.requeue();
      } else if (result !== sys.WOULD_BLOCK && result !== -EINTR) {
        this.#connections.drop(registration);
      }
    }
    if (sys.sendEach(this.#batch, count) > 0) this.#keepUnsent(ready, start, count);
  }

  #keepUnsent(ready: readonly Registration<Unsent>[], start: number, count: number): void {
    const { bytes, offsets, lengths, results } = this.#batch;
    for (let i = 0; i < count; i++) {
      const [offset, length] = [offsets[i] as number, lengths[i] as number];
      const sent = results[i] as number;
      if (sent === length) continue;
      const answer = bytes.subarray(offset, offset + length);
      this.#connections.keep(ready[start + i] as Registration<Unsent>, answer, sent);
    }
  }
}

/**
 * Starts an echo server on a Reactor of its own, attached to Node's loop.
 *
 * @throws ErrnoError, EdgewiseError - as {@link startReactorEcho}.
 */
export function startBatchEcho(options: EchoOptions): EchoServer {
  return startReactorEcho(
    options,
    (connections, reactor) => new BatchEchoHandler(connections, reactor),
  );
}
