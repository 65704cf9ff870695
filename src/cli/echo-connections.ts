// The connections of the echo servers on the raw Reactor, and what their peers have not taken yet.
import { Interest, type Registration } from '../index.ts';
import * as sys from '../sys/index.ts';

const { EINTR } = sys.constants;

/** The rest of an answer after a short send; nothing more is read until it is sent. */
export type Unsent = Uint8Array | undefined;

export class EchoConnections {
  readonly #open = new Set<Registration<Unsent>>();
  /** Called when a connection and its descriptor were closed. */
  onDropped: () => void = () => undefined;

  adopt(registration: Registration<Unsent>): void {
    this.#open.add(registration);
  }

  closeAll(): void {
    for (const registration of this.#open) this.drop(registration);
  }

  /** Keeps a copy of what is left of `answer` after `sent`, which is what `send` returned. */
  keep(registration: Registration<Unsent>, answer: Uint8Array, sent: number): void {
    if (sent < 0 && sent !== sys.WOULD_BLOCK && sent !== -EINTR) {
      this.drop(registration);
      return;
    }
    registration.data = answer.slice(Math.max(sent, 0));
    registration.setInterest(Interest.Writable);
  }

  // A change of interest makes the kernel check again, also under the edge trigger: bytes that arrived
  // while nothing was read are reported then.
  sendRest(registration: Registration<Unsent>): void {
    const rest = registration.data as Uint8Array;
    const sent = sys.send(registration.fd, rest);
    if (sent < 0) {
      if (sent !== sys.WOULD_BLOCK && sent !== -EINTR) this.drop(registration);
    } else if (sent < rest.length) {
      registration.data = rest.subarray(sent);
    } else {
      registration.data = undefined;
      registration.setInterest(Interest.Readable);
    }
  }

  drop(registration: Registration<Unsent>): void {
    this.#open.delete(registration);
    registration.closeDescriptor();
    this.onDropped();
  }
}
