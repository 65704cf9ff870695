// The descriptor of a connection, the questions that can be asked of its socket, and what it can be
// told to send besides bytes.
import { constants as os } from 'node:os';
import type { SocketAddress } from '../../address.ts';
import { ClosedError, check, EdgewiseError } from '../../errors.ts';
import type { Piece } from '../../flow/write-queue.ts';
import * as sys from '../../sys/index.ts';
import { takePendingError } from '../socket/error.ts';
import {
  incomingCpuOf,
  localAddressOf,
  peerCredentialsOf,
  remoteAddressOf,
  tcpInfoOf,
} from '../socket/facts.ts';
import { applyPlan, planTcpOptions, type TcpOptions } from '../socket/tcp.ts';
import { checkFileRange, checkSentHandler, FilePiece, type SentHandler } from './file-range.ts';
import { State } from './state.ts';

const { ENOTCONN } = os.errno;

/** A stream socket: see {@link Connection}. */
export abstract class StreamSocket {
  /** @internal bits of {@link State} */
  protected state: number = State.Connecting;
  #fd = -1;

  get isConnecting(): boolean {
    return this.is(State.Connecting);
  }

  get isClosed(): boolean {
    return this.is(State.Closed);
  }

  /** Whether another thread serves it now: it is closed here, without a call of `close`. */
  get isHandedOver(): boolean {
    return this.is(State.HandedOver);
  }

  /** @internal */
  protected is(bits: number): boolean {
    return (this.state & bits) !== 0;
  }

  /** @internal what is thrown at whoever uses it after its end */
  get closedError(): EdgewiseError {
    if (!this.isHandedOver) return new ClosedError('the Connection');
    return new EdgewiseError('ERR_HANDED_OVER', 'another thread serves the Connection now');
  }

  /** The descriptor; -1 before it is connected and after it is closed. */
  get fd(): number {
    return this.#fd;
  }

  /** The peer's address; undefined when it has gone. */
  get remoteAddress(): SocketAddress | undefined {
    return remoteAddressOf(this.#fd);
  }

  /** Our address. */
  get localAddress(): SocketAddress | undefined {
    return localAddressOf(this.#fd);
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

  /**
   * What the kernel knows of a TCP connection: round-trip time, congestion window, losses, rates. A
   * member is undefined where this kernel does not tell it.
   *
   * @throws EdgewiseError - ERR_CLOSED. ErrnoError - ENOTCONN: still connecting; EOPNOTSUPP,
   *   ENOPROTOOPT or EINVAL: not TCP.
   * @see tcp(7) "TCP_INFO"; docs/net.md "Looking inside"
   */
  tcpInfo(): sys.TcpInfo {
    this.assertConnected('getsockopt');
    return tcpInfoOf(this.#fd);
  }

  /**
   * Who the peer of a Unix socket was when it connected (or listened): the kernel's word, not the
   * peer's.
   *
   * @throws EdgewiseError - ERR_CLOSED. ErrnoError - ENOTCONN: still connecting; EOPNOTSUPP: not a
   *   Unix socket.
   * @see unix(7) "SO_PEERCRED", getpeereid(3)
   */
  peerCredentials(): sys.PeerCredentials {
    this.assertConnected('getpeereid');
    return peerCredentialsOf(this.#fd);
  }

  /**
   * The processor that handled the last packet that came; undefined when none has, when it is
   * closed, and where the kernel does not tell (all but Linux).
   *
   * @see socket(7) "SO_INCOMING_CPU"
   */
  get incomingCpu(): number | undefined {
    return incomingCpuOf(this.#fd);
  }

  /**
   * Sends a range of a file, after all that was written before, without copying it into this
   * process. It holds no memory: it counts neither for `writableLength` nor for the hard cap.
   *
   * Keep the descriptor open until `onSent`, and close it there: it is never closed here. The file
   * position is neither used nor moved. Where the file is not in memory the kernel reads it from
   * its disk meanwhile, and this thread waits for that.
   *
   * If the file has become shorter by the time it is sent, the peer cannot get what it was promised,
   * and the connection is closed with ERR_FILE_SHRANK; with the ErrnoError of the file when it
   * cannot be read.
   *
   * @param fileDescriptor - of a regular file, open for reading.
   * @param offset - first byte to send; 0 when absent.
   * @param length - bytes to send; all that follow `offset` when absent. 0 sends nothing, in order.
   * @param onSent - called once, at the end of a turn: the kernel has taken all of it, or, with the
   *   error, the connection was closed before. Not called when `sendFile` throws.
   * @returns whether there is room, as `write` does.
   * @throws TypeError, RangeError - ERR_INVALID_ARG_VALUE: not a regular file. ERR_OUT_OF_RANGE: the
   *   range ends behind the file. Another type.
   * @throws ErrnoError - EBADF: the descriptor is not open.
   * @throws EdgewiseError - ERR_WRITE_AFTER_END: after `end`. ERR_CLOSED.
   * @see sendfile(2); docs/net.md "Files"
   */
  sendFile(fileDescriptor: number, offset = 0, length?: number, onSent?: SentHandler): boolean {
    checkSentHandler(onSent);
    const range = checkFileRange(fileDescriptor, offset, length);
    const settled: SentHandler = (error) => {
      if (onSent !== undefined) this.tellLater(() => onSent(error));
    };
    return this.enqueue(new FilePiece(range, settled));
  }

  /** @internal sends what is not plain bytes, in its place among the writes; as `write` */
  abstract enqueue(piece: Piece): boolean;

  /** @internal calls back at the end of the turn, before `close` handlers */
  protected abstract tellLater(callback: () => void): void;

  /** @internal the socket's pending error, -errno, which this clears; 0: there is none */
  takePendingError(): number {
    return takePendingError(this.#fd);
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

  /** @internal hands the descriptor over without closing it */
  protected releaseFd(): number {
    const fd = this.#fd;
    this.#fd = -1;
    return fd;
  }

  /** @internal refuses what needs a connected descriptor: ERR_CLOSED, ENOTCONN */
  protected assertConnected(syscall: string): void {
    if (this.isClosed) throw this.closedError;
    if (this.isConnecting) check(-ENOTCONN, syscall);
  }
}
