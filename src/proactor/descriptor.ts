// A descriptor whose operations complete by themselves: what the user of the callback form sees. Each
// method checks what it is given and hands the operation to its lane (lanes.ts).
import type { AddressInput, SocketAddress } from '../address.ts';
import { ClosedError } from '../errors.ts';
import type * as sys from '../sys/index.ts';
import { checkFunction } from '../validate.ts';
import type { Lane } from './lane.ts';
import { Lanes, type LanesOwner } from './lanes.ts';
import { type CompletionHandler, Kind, type Operation, type OperationId } from './operation.ts';
import {
  requestAccept,
  requestConnect,
  requestFile,
  requestRange,
  requestReceive,
  requestSend,
} from './requests.ts';

/** What a descriptor asks of the proactor that made it. */
export interface DescriptorOwner extends LanesOwner {
  take(kind: Kind, complete: CompletionHandler, data: unknown): Operation;
  /** Numbers an operation, and keeps the reactor alive until it is told. */
  begin(operation: Operation): OperationId;
  /** It is done, and was told without the queue. */
  takeBack(operation: Operation): void;
  forget(descriptor: Descriptor): void;
}

/**
 * A descriptor for operations that complete, made by `proactor.open`. It borrows the descriptor:
 * close this first.
 *
 * Every operation takes the handler that is told, and `data` for it; answers the operation's number;
 * and completes exactly once. Operations of one direction queue: those that read (accept, read,
 * readExactly, recvmsg) in order, those that write (connect, write, writeAll, sendmsg, sendFile) in
 * order, each whole before the next begins. Buffers are the operation's until it completes: read what
 * came only then, and change nothing that is to be written. Wrong arguments throw, before anything is
 * done; after `close`, ERR_CLOSED. Operations that were done before it are told as they ended, so a
 * handler that goes on looks at `isClosed` where somebody else may have closed.
 */
export class Descriptor {
  readonly fd: number;
  /** @internal */
  readonly owner: DescriptorOwner;
  /** @internal */
  readonly lanes: Lanes;
  #isOpen = true;

  /** @internal use `proactor.open` */
  constructor(owner: DescriptorOwner, fd: number) {
    this.owner = owner;
    this.fd = fd;
    this.lanes = new Lanes(owner, fd);
  }

  get isClosed(): boolean {
    return !this.#isOpen;
  }

  /**
   * Takes a connection of a listening socket. Its result is the new descriptor, which is the
   * handler's: non-blocking, close-on-exec. Clients that have gone again are passed over.
   *
   * Completes with EMFILE, ENFILE: no descriptor is free; the client waits in the kernel's queue.
   *
   * @param from - filled with the peer's address; the operation's until it completes.
   * @see accept(2)
   */
  accept<Data = undefined>(
    complete: CompletionHandler<Data>,
    data?: Data,
    from?: SocketAddress,
  ): OperationId {
    const operation = this.take(Kind.Accept, complete, data);
    return this.#read(requestAccept(operation, from));
  }

  /**
   * Connects a socket. Cancelled or failed, it is good for nothing but to be closed.
   *
   * Completes with ECONNREFUSED, ETIMEDOUT, ENETUNREACH, …; of a Unix socket EAGAIN: the backlog of
   * the listener is full.
   *
   * @see connect(2)
   */
  connect<Data = undefined>(
    address: AddressInput,
    complete: CompletionHandler<Data>,
    data?: Data,
  ): OperationId {
    const operation = this.take(Kind.Connect, complete, data);
    return this.#write(requestConnect(operation, address));
  }

  /**
   * Reads what there is, at least one byte. 0: the end.
   *
   * @param bytes - where to; of at least one byte.
   * @param offset - first byte of `bytes` to fill; 0 when absent.
   * @param length - most bytes to read; what is left behind `offset` when absent.
   * @see read(2), recv(2)
   */
  read<Data = undefined>(
    bytes: Uint8Array,
    complete: CompletionHandler<Data>,
    data?: Data,
    offset?: number,
    length?: number,
  ): OperationId {
    const operation = this.take(Kind.Read, complete, data);
    return this.#read(requestRange(operation, 1, bytes, offset, length));
  }

  /** Reads until all of the range is filled. ERR_UNEXPECTED_END: the end came first. As {@link read}. */
  readExactly<Data = undefined>(
    bytes: Uint8Array,
    complete: CompletionHandler<Data>,
    data?: Data,
    offset?: number,
    length?: number,
  ): OperationId {
    const operation = this.take(Kind.ReadExactly, complete, data);
    return this.#read(requestRange(operation, 1, bytes, offset, length));
  }

  /**
   * Writes what the kernel takes, which may be less than all. EPIPE: nobody reads any more.
   *
   * @param bytes - what to write.
   * @param offset - first byte of `bytes` to write; 0 when absent.
   * @param length - bytes to write; what is left behind `offset` when absent.
   * @see write(2), send(2)
   */
  write<Data = undefined>(
    bytes: Uint8Array,
    complete: CompletionHandler<Data>,
    data?: Data,
    offset?: number,
    length?: number,
  ): OperationId {
    const operation = this.take(Kind.Write, complete, data);
    return this.#write(requestRange(operation, 0, bytes, offset, length));
  }

  /** Writes all of the range. As {@link write}. */
  writeAll<Data = undefined>(
    bytes: Uint8Array,
    complete: CompletionHandler<Data>,
    data?: Data,
    offset?: number,
    length?: number,
  ): OperationId {
    const operation = this.take(Kind.WriteAll, complete, data);
    return this.#write(requestRange(operation, 0, bytes, offset, length));
  }

  /**
   * Receives one message, which {@link "sys".recvmsg} describes.
   *
   * @param buffers - at most 1024, of at least one byte together.
   * @param into - filled with sender, flags and descriptors; the operation's until it completes.
   * @param flags - `MSG_PEEK`, …; 0 when absent. With `MSG_ERRQUEUE` it waits for nothing, neither for
   *   an error (EAGAIN: there is none) nor for operations before it.
   */
  recvmsg<Data = undefined>(
    buffers: readonly Uint8Array[],
    into: sys.ReceivedMessage,
    complete: CompletionHandler<Data>,
    data?: Data,
    flags = 0,
  ): OperationId {
    const operation = this.take(Kind.ReceiveMessage, complete, data);
    return this.#read(requestReceive(operation, buffers, into, flags));
  }

  /**
   * Sends one message, which {@link "sys".sendmsg} describes; of a stream what the kernel takes of it.
   *
   * @param message - receiver and list of buffers are copied, bytes are not.
   * @param flags - `MSG_MORE`, …; 0 when absent.
   */
  sendmsg<Data = undefined>(
    message: sys.OutgoingMessage,
    complete: CompletionHandler<Data>,
    data?: Data,
    flags = 0,
  ): OperationId {
    const operation = this.take(Kind.SendMessage, complete, data);
    return this.#write(requestSend(operation, message, flags));
  }

  /**
   * Sends a range of a regular file. Completes with ERR_FILE_SHRANK: the file ended before it.
   *
   * @param fileFd - borrowed until it completes.
   * @param offset - first byte of the file to send.
   * @param length - bytes; undefined: to the end of the file.
   * @throws TypeError - not a regular file. RangeError - the range ends behind the file.
   * @see sendfile(2)
   */
  sendFile<Data = undefined>(
    fileFd: number,
    offset: number,
    length: number | undefined,
    complete: CompletionHandler<Data>,
    data?: Data,
  ): OperationId {
    const operation = this.take(Kind.SendFile, complete, data);
    return this.#write(requestFile(operation, fileFd, offset, length));
  }

  /**
   * Ends one operation: it completes with ECANCELED, and with the bytes that it had moved.
   *
   * @returns false: no such operation waits here; it has its result already.
   */
  cancel(id: OperationId): boolean {
    return this.lanes.cancel(id);
  }

  /** Ends all operations that wait, those that read first. @returns how many there were. */
  cancelAll(): number {
    return this.lanes.cancelAll();
  }

  /** Cancels all, and lets the descriptor go; it is the caller's to close. Nothing the second time. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.lanes.close();
    this.owner.forget(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  take<Data>(kind: Kind, complete: CompletionHandler<Data>, data: Data | undefined): Operation {
    if (!this.#isOpen) throw new ClosedError('the Descriptor');
    checkFunction('complete', complete);
    return this.owner.take(kind, complete as CompletionHandler, data);
  }

  #read(operation: Operation): OperationId {
    return this.#submit(this.lanes.reading, operation);
  }

  #write(operation: Operation): OperationId {
    return this.#submit(this.lanes.writing, operation);
  }

  #submit(lane: Lane, operation: Operation): OperationId {
    const id = this.owner.begin(operation);
    if (this.lanes.start(lane, operation)) this.owner.finish(operation);
    return id;
  }
}
