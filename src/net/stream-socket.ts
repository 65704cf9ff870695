// The descriptor of a connection and the questions that can be asked of its socket.
import { constants as os } from 'node:os';
import { SocketAddress } from '../address.ts';
import { ClosedError, check } from '../errors.ts';
import * as sys from '../sys.ts';
import { applyPlan, planTcpOptions, type TcpOptions } from './tcp.ts';

const { ENOTCONN } = os.errno;

/** A stream socket: see {@link Connection}. */
export abstract class StreamSocket {
  #fd = -1;

  abstract get isConnecting(): boolean;
  abstract get isClosed(): boolean;

  /** The descriptor; -1 before it is connected and after it is closed. */
  get fd(): number {
    return this.#fd;
  }

  /** The peer's address; undefined when it has gone. */
  get remoteAddress(): SocketAddress | undefined {
    const address = new SocketAddress();
    return this.#fd >= 0 && sys.getpeername(this.#fd, address) >= 0 ? address : undefined;
  }

  /** Our address. */
  get localAddress(): SocketAddress | undefined {
    const address = new SocketAddress();
    return this.#fd >= 0 && sys.getsockname(this.#fd, address) >= 0 ? address : undefined;
  }

  /**
   * Sets options of the socket.
   *
   * @throws TypeError, RangeError - a value of the wrong kind; nothing was set.
   * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: this system does not have one; nothing was set.
   *   ERR_CLOSED.
   * @throws ErrnoError - ENOTCONN: still connecting. What the kernel says, such as EOPNOTSUPP for
   *   an option of TCP on a Unix socket; options before it were set.
   * @see tcp(7); docs/net.md "Options"
   */
  setOptions(options: TcpOptions): void {
    const plan = planTcpOptions(options);
    this.assertConnected('setsockopt');
    check(applyPlan(this.#fd, plan), 'setsockopt', { fd: this.#fd });
  }

  /** @internal */
  protected setFd(fd: number): void {
    this.#fd = fd;
  }

  /** @internal */
  protected closeFd(): void {
    if (this.#fd >= 0) sys.close(this.#fd);
    this.#fd = -1;
  }

  /** @internal refuses what needs a connected descriptor: ERR_CLOSED, ENOTCONN */
  protected assertConnected(syscall: string): void {
    if (this.isClosed) throw new ClosedError('the Connection');
    if (this.isConnecting) check(-ENOTCONN, syscall);
  }
}
