// One end of a relay: drives its connection, for the direction that reads from it and the one that
// writes to it. What its readiness means is decided in relay.ts.
import { Interest, type Readiness } from '../../poller/index.ts';
import * as sys from '../../sys/index.ts';
import type { ConnectionDriver } from '../connection/driver.ts';
import type { AnyConnection } from '../connection/group.ts';
import type { Direction } from './direction.ts';

/** Receives what the two ends of a relay report. */
export interface EndOwner {
  /** The connection of `end` is ready. */
  onReady(end: End, readiness: Readiness): void;
  /** One of the connections is closed; `error` says why, when that was not orderly. */
  onClosed(error: NodeJS.ErrnoException | undefined): void;
}

/** The driver of one connection of a relay. */
export class End implements ConnectionDriver {
  /** The connection. */
  readonly connection: AnyConnection;
  /** The direction that reads from it. */
  readonly outbound: Direction;
  /** The direction that writes to it. */
  readonly inbound: Direction;
  readonly #owner: EndOwner;

  constructor(outbound: Direction, inbound: Direction, owner: EndOwner) {
    this.connection = outbound.source;
    this.outbound = outbound;
    this.inbound = inbound;
    this.#owner = owner;
  }

  /** What the two directions wait for. */
  get interest(): Interest {
    return (
      (this.outbound.wantsReadable ? Interest.Readable : Interest.None) |
      (this.outbound.wantsPriority ? Interest.Priority : Interest.None) |
      (this.inbound.wantsWritable ? Interest.Writable : Interest.None)
    );
  }

  /** Whether bytes for it are on the way. */
  get isSending(): boolean {
    return this.inbound.wantsWritable;
  }

  /** The connection is ready. */
  onReady(readiness: Readiness): void {
    this.#owner.onReady(this, readiness);
  }

  /** A peer that has not got everything must not take the close for an orderly end. */
  onClosing(error: NodeJS.ErrnoException | undefined): void {
    if (error === undefined) return;
    const { SOL_SOCKET, SO_LINGER } = sys.constants;
    sys.setsockopt(this.connection.fd, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0)); // no effect on Unix sockets
  }

  /** The connection is closed. */
  onClosed(error: NodeJS.ErrnoException | undefined): void {
    this.#owner.onClosed(error);
  }
}
