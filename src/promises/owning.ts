// What an awaited connection passes on to the connection of handlers beneath it.
import type { SocketAddress } from '../address.ts';
import type { Connection as HandlerConnection } from '../net/connection/connection.ts';
import type { TcpOptions } from '../net/socket/tcp.ts';
import { checkError } from '../validate.ts';
import { ByteReader } from './reader.ts';

/** A reader that owns a connection of handlers: see {@link Connection}. */
export abstract class OwningReader<Data> extends ByteReader {
  /** The connection of handlers beneath: counters, watermarks, pause and all that is not here. */
  readonly raw: HandlerConnection<Data>;

  /** @internal use `connect` or `listen` */
  constructor(raw: HandlerConnection<Data>) {
    super();
    this.raw = raw;
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.raw.fd;
  }

  get isClosed(): boolean {
    return this.raw.isClosed;
  }

  get remoteAddress(): SocketAddress | undefined {
    return this.raw.remoteAddress;
  }

  get localAddress(): SocketAddress | undefined {
    return this.raw.localAddress;
  }

  /** As `setOptions` of the handler connection. */
  setOptions(options: TcpOptions): void {
    this.raw.setOptions(options);
  }

  /**
   * Closes at once; what was not sent is lost. Operations that wait fail with `error`.
   *
   * @throws TypeError - no Error.
   */
  destroy(error?: Error): void {
    checkError(error);
    this.raw.destroy(error);
  }

  /** Keeps the process alive, which is so from the start. */
  ref(): this {
    this.raw.ref();
    return this;
  }

  /** Lets the process end although the connection is open. */
  unref(): this {
    this.raw.unref();
    return this;
  }
}
