// Reads the header of the PROXY protocol (socket/proxy-header.ts) from connections that were just
// accepted, before they become connections of the program: between accept and `open`. It takes exactly
// the bytes of the header out of the socket, so that what was sent behind it is read by the connection
// as if nothing had been before. Version 2 says its length in its first 16 bytes. Of version 1 the end
// is not known before it is seen, so it is looked at by MSG_PEEK first. recv(2).
import { constants as os } from 'node:os';
import { EdgewiseError, errnoError, invalidValue } from '../../errors.ts';
import { Interest } from '../../poller/index.ts';
import type { Handler, Registration, Timer } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { Role } from '../../trace/index.ts';
import { checkFunction, checkInteger } from '../../validate.ts';
import type { ConnectionGroup } from '../connection/group.ts';
import {
  checkSignature,
  invalidHeader,
  lengthOfV2,
  type ProxyHeader,
  type ProxyProtocol,
  parseV1,
  parseV2,
  V1_BYTES_MAX,
  V2_HEAD_BYTES,
} from '../socket/proxy-header.ts';
import { applyPlan, planTcpOptions } from '../socket/tcp.ts';

const { EAGAIN, EINTR } = os.errno;
const { MSG_PEEK } = sys.constants;
const LINE_FEED = 0x0a;
const HEADER_TIMEOUT_MS = 5000;
const TIMEOUT_MS_MAX = 0x7fffffff;

/** The options of listeners behind a proxy that names its clients. */
export interface ProxyOptions {
  /**
   * Each connection begins with a header of the PROXY protocol in this version, and in no other: it is
   * read before `open`, and its addresses are those of the connection. Only for sockets that none but
   * the proxy can reach: the header can claim any address. Default: there is none.
   */
  readonly proxyProtocol?: ProxyProtocol | undefined;
  /**
   * Time limit for the whole header, from accept on; milliseconds, 1 to 2^31 - 1. Default 5000. The
   * specification asks for 3000 at least, so that a lost packet can be sent again.
   */
  readonly proxyTimeoutMs?: number | undefined;
  /**
   * Called when a connection was reset because of its header, which no other handler has seen:
   * ERR_PROXY_HEADER_INVALID, ERR_PROXY_HEADER_TIMEOUT, or why it could not be read (ECONNRESET). The
   * listener goes on. `stats.rejected` counts them whether this is given or not.
   */
  readonly onProxyError?: ((error: NodeJS.ErrnoException) => void) | undefined;
}

/** The names of {@link ProxyOptions}. */
export const PROXY_OPTIONS = {
  proxyProtocol: true,
  proxyTimeoutMs: true,
  onProxyError: true,
} satisfies Record<keyof ProxyOptions, true>;

/**
 * Checks the options.
 *
 * @throws TypeError, RangeError - one of the wrong kind; one of the others without `proxyProtocol`.
 */
export function checkProxyOptions(options: ProxyOptions): void {
  const { proxyProtocol, proxyTimeoutMs, onProxyError } = options;
  if (proxyProtocol !== undefined && proxyProtocol !== 'v1' && proxyProtocol !== 'v2') {
    throw invalidValue('proxyProtocol', "'v1' or 'v2'", proxyProtocol);
  }
  if (proxyTimeoutMs !== undefined)
    checkInteger('proxyTimeoutMs', proxyTimeoutMs, 1, TIMEOUT_MS_MAX);
  if (onProxyError !== undefined) checkFunction('onProxyError', onProxyError);
}

/** What becomes of an accepted descriptor; exactly one of them is called for each. */
export interface ProxyOutcome {
  /** The header was read; the descriptor is the callee's from here on. */
  accepted(fd: number, header: ProxyHeader): void;
  /** The header was wrong, late, or cut short; the descriptor is closed. */
  rejected(): void;
}

/** Reads the headers of the connections of one listener. */
export class ProxyReader {
  readonly #group: ConnectionGroup;
  readonly #version: ProxyProtocol;
  readonly #timeoutMs: number;
  readonly #onError: ((error: NodeJS.ErrnoException) => void) | undefined;
  readonly #outcome: ProxyOutcome;
  readonly #pending = new Set<PendingHeader>();

  /** @param options - checked ones; `proxyProtocol` is given. */
  constructor(group: ConnectionGroup, options: ProxyOptions, outcome: ProxyOutcome) {
    this.#group = group;
    this.#version = options.proxyProtocol as ProxyProtocol;
    this.#timeoutMs = options.proxyTimeoutMs ?? HEADER_TIMEOUT_MS;
    this.#onError = options.onProxyError;
    this.#outcome = outcome;
    group.incoming = this;
  }

  /** Connections with a header that has not come yet. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Reads the header of an accepted descriptor, which is the reader's from here on. What is there
   * already is read at once: a proxy sends it in the packet behind its SYN.
   *
   * @throws what `accepted` throws.
   */
  take(fd: number): void {
    const pending = new PendingHeader(this, fd, this.#version);
    this.#pending.add(pending);
    if (pending.read()) return;
    try {
      pending.watch(this.#group, this.#timeoutMs);
    } catch (error) {
      this.reject(pending, error as Error); // ENOMEM: it cannot be watched
    }
  }

  /** Resets all whose header has not come. */
  destroy(): void {
    for (const pending of [...this.#pending]) this.#discard(pending);
  }

  /** @internal */
  accept(pending: PendingHeader, header: ProxyHeader): void {
    this.#pending.delete(pending);
    pending.stop();
    try {
      this.#outcome.accepted(pending.fd, header);
    } finally {
      this.#group.leaveIfIdle();
    }
  }

  /** @internal */
  reject(pending: PendingHeader, error: Error): void {
    const onError = this.#onError;
    if (onError !== undefined) this.#group.defer(() => onError(error));
    this.#discard(pending);
  }

  // By a reset: what the client has sent besides is not read, and no FIN says that all went well.
  #discard(pending: PendingHeader): void {
    this.#pending.delete(pending);
    pending.stop();
    applyPlan(pending.fd, RESETS); // EINVAL: the peer has gone; a Unix socket does not look at it
    sys.close(pending.fd);
    this.#outcome.rejected();
    this.#group.onGone();
    this.#group.leaveIfIdle();
  }
}

const RESETS = planTcpOptions({ lingerSeconds: 0 });

/** An accepted descriptor whose header is not whole yet. */
class PendingHeader implements Handler<undefined> {
  readonly fd: number;
  readonly #reader: ProxyReader;
  readonly #version: ProxyProtocol;
  #bytes: Buffer;
  #length = 0;
  #registration: Registration<undefined> | undefined;
  #timer: Timer | undefined;

  constructor(reader: ProxyReader, fd: number, version: ProxyProtocol) {
    this.#reader = reader;
    this.fd = fd;
    this.#version = version;
    this.#bytes = Buffer.alloc(version === 'v1' ? V1_BYTES_MAX : V2_HEAD_BYTES);
  }

  watch(group: ConnectionGroup, timeoutMs: number): void {
    this.#registration = group.reactor.watch<undefined>({
      fd: this.fd,
      interest: Interest.Readable,
      trigger: group.settings.trigger,
      handler: this,
      data: undefined,
      isExclusive: false,
      scope: group.scope,
      role: Role.Connection,
      listenerFd: group.opener?.fd ?? -1,
    });
    this.#timer = group.setTimer(() => this.#onLate(timeoutMs), timeoutMs);
  }

  stop(): void {
    this.#registration?.close();
    this.#timer?.clear();
  }

  onReady(): void {
    this.read();
  }

  /**
   * Reads until the header is whole, or nothing is there: an edge would not come again.
   *
   * @returns whether its outcome is known.
   */
  read(): boolean {
    let header: ProxyHeader | undefined;
    try {
      header = this.#version === 'v1' ? this.#readV1() : this.#readV2();
    } catch (error) {
      this.#reader.reject(this, error as Error);
      return true;
    }
    if (header === undefined) return false;
    this.#reader.accept(this, header);
    return true;
  }

  #onLate(timeoutMs: number): void {
    const text = `${this.#length} bytes of a PROXY header have come in ${timeoutMs} ms`;
    this.#reader.reject(this, new EdgewiseError('ERR_PROXY_HEADER_TIMEOUT', text));
  }

  get #read(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  // Each look brings bytes, or the line is longer than one may be: a peer of single bytes costs 107.
  #readV1(): ProxyHeader | undefined {
    while (this.#length < V1_BYTES_MAX) {
      const seen = this.#receive(V1_BYTES_MAX - this.#length, MSG_PEEK);
      if (seen === undefined) return undefined;
      const end = this.#bytes.subarray(0, this.#length + seen).indexOf(LINE_FEED, this.#length);
      const wanted = end < 0 ? seen : end + 1 - this.#length;
      this.#length += this.#receive(wanted, 0) ?? 0;
      checkSignature('v1', this.#read);
      if (end >= 0 && this.#length === end + 1) return parseV1(this.#read);
    }
    throw invalidHeader(`no line ends within ${V1_BYTES_MAX} bytes`);
  }

  #readV2(): ProxyHeader | undefined {
    for (;;) {
      if (this.#length >= V2_HEAD_BYTES) this.#makeRoom();
      const missing = this.#bytes.length - this.#length;
      if (missing === 0) return parseV2(this.#read);
      const read = this.#receive(missing, 0);
      if (read === undefined) return undefined;
      this.#length += read;
      checkSignature('v2', this.#read);
    }
  }

  #makeRoom(): void {
    const length = lengthOfV2(this.#bytes);
    if (length === this.#bytes.length) return;
    const room = Buffer.alloc(length);
    room.set(this.#read);
    this.#bytes = room;
  }

  // Undefined: nothing is there.
  #receive(length: number, flags: number): number | undefined {
    for (;;) {
      const result = sys.recv(this.fd, this.#bytes, this.#length, length, flags);
      if (result > 0) return result;
      if (result === 0) throw invalidHeader(`the peer has ended after ${this.#length} bytes`);
      if (result === -EAGAIN) return undefined;
      if (result !== -EINTR) throw errnoError(result, 'recv', { fd: this.fd });
    }
  }
}
