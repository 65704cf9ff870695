// The socket of a closed connection, when the kernel may still read its memory. Closed, it would go on
// sending, and no completion would ever be reported: the memory could be used for something else,
// and that would be sent. So the socket is shut down, and kept until the last completion has come.
//
// A peer that does not read can hold that up for ever. After a time the connection is reset: the
// kernel drops what it has not sent, and completes it.
import { Interest } from '../../poller/index.ts';
import type { Handler, Registration, Timer } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import type { ConnectionGroup } from './group.ts';
import type { ZeroCopy } from './zero-copy.ts';

/** How long the peer may take to acknowledge what is left. */
const LINGER_MS = 30_000;
/** Without a reactor: when to look again, doubled each time. */
const LOOK_MS_MIN = 10;
const LOOK_MS_MAX = 1000;

/** Whether the caller has asked for that (`lingerSeconds: 0`). */
function closesWithReset(fd: number): boolean {
  const { SOL_SOCKET, SO_LINGER } = sys.constants;
  const linger = new Int32Array(2); // struct linger
  sys.getsockopt(fd, SOL_SOCKET, SO_LINGER, linger);
  return linger[0] !== 0 && linger[1] === 0;
}

/** The socket of a closed connection, until the kernel has done with its memory. */
export class LingeringSocket implements Handler<undefined> {
  readonly #fd: number;
  readonly #zeroCopy: ZeroCopy;
  readonly #group: ConnectionGroup;
  #registration: Registration<undefined> | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #isClosed = false;

  /** @param fd - a connection's, this one's to close from here on. */
  constructor(
    fd: number,
    zeroCopy: ZeroCopy,
    group: ConnectionGroup,
    isReferenced: boolean,
    lingerMs = LINGER_MS,
  ) {
    this.#fd = fd;
    this.#zeroCopy = zeroCopy;
    this.#group = group;
    if (closesWithReset(fd)) this.#reset();
    else this.#shutDown();
    if (this.#isClosed) return;
    if (!group.reactor.isClosed && this.#watch(isReferenced)) {
      this.#timer = group.setTimer(() => this.#reset(), lingerMs).unref();
      group.reactor.dependents.add(this);
    } else {
      this.close();
    }
  }

  onReady(): void {
    this.#look();
  }

  /** The reactor closes: the peer is waited for no longer. */
  close(): void {
    this.#forgetReactor();
    this.#reset();
    if (!this.#isClosed) this.#lookLater(LOOK_MS_MIN);
  }

  // Nothing but errors and the hang-up is of interest. Under the edge trigger the hang-up, which
  // stays, is reported once, and each completion anew. @returns false: it cannot be watched.
  #watch(isReferenced: boolean): boolean {
    try {
      this.#registration = this.#group.reactor.watch<undefined>({
        fd: this.#fd,
        interest: Interest.Priority,
        trigger: 'edge',
        handler: this,
        data: undefined,
        isExclusive: false,
        scope: undefined,
      });
    } catch {
      return false; // ENOMEM, ENOSPC: no room for one more watch
    }
    if (!isReferenced) this.#registration.unref();
    return true;
  }

  #look(): void {
    this.#zeroCopy.takeCompletions(this.#fd);
    if (this.#zeroCopy.holdsMemory) return;
    this.#isClosed = true;
    this.#forgetReactor();
    sys.close(this.#fd);
  }

  #shutDown(): void {
    sys.shutdown(this.#fd, sys.constants.SHUT_RDWR); // ENOTCONN: reset already
    this.#look();
  }

  // What a device is sending this very moment is completed a little later.
  #reset(): void {
    sys.connect(this.#fd, { unspecified: true });
    this.#look();
  }

  #forgetReactor(): void {
    this.#registration?.close();
    this.#timer?.clear();
    this.#group.reactor.dependents.delete(this);
  }

  #lookLater(delayMs: number): void {
    const look = () => {
      this.#look();
      if (!this.#isClosed) this.#lookLater(Math.min(delayMs * 2, LOOK_MS_MAX));
    };
    setTimeout(look, delayMs).unref();
  }
}
