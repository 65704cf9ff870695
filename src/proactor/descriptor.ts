// A descriptor with operations that complete by themselves: the callback form. Each method checks its arguments and hands the operation to its lane (lanes.ts).
import type { AddressInput } from '../address.ts';
import { ClosedError } from '../errors.ts';
import { SHOWN, shown } from '../inspect.ts';
import type * as sys from '../sys/index.ts';
import { checkFunction } from '../validate.ts';
import type { Lane } from './lane.ts';
import { Lanes, type LanesOwner } from './lanes.ts';
import { type CompletionHandler, Kind, type Operation, type OperationId } from './operation.ts';
import {
  type AcceptOptions,
  type MessageOptions,
  type OperationOptions,
  optionsIn,
  type RangeOptions,
} from './options.ts';
import {
  requestAccept,
  requestConnect,
  requestFile,
  requestRange,
  requestReceive,
  requestSend,
} from './requests.ts';

/** What a descriptor needs of the proactor that made it. */
export interface DescriptorOwner extends LanesOwner {
  take(kind: Kind, complete: CompletionHandler, data: unknown): Operation;
  /** Numbers an operation, and keeps the reactor alive until it completes. */
  begin(operation: Operation): OperationId;
  /** It is done, and its result was handed out without the queue. */
  takeBack(operation: Operation): void;
  forget(descriptor: Descriptor): void;
}

/**
 * A descriptor for operations that complete, made by `proactor.open`. It borrows the descriptor:
 * close this object before the descriptor.
 *
 * Every operation is called as `(what, complete)` or `(what, options, complete)`, returns its number,
 * and completes exactly once. Operations of one direction queue: those that read (accept, read,
 * readExactly, recvmsg) in order, those that write (connect, write, writeAll, sendmsg, sendFile) in
 * order, each whole before the next begins. A buffer belongs to its operation until that completes:
 * read the received bytes only then, and do not change bytes that are to be written. Wrong arguments
 * throw before anything is done; after `close`, ERR_CLOSED. Operations that were done before `close`
 * complete with their own result, so a handler that continues checks `isClosed` where other code may
 * have closed the descriptor.
 */
export class Descriptor {
  /** The number that it borrows. */
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

  /** Whether it was closed, by `close`, its proactor or its reactor. */
  get isClosed(): boolean {
    return !this.#isOpen;
  }

  /**
   * Takes a connection of a listening socket. The result is the new descriptor, which belongs to the
   * handler: non-blocking, close-on-exec. Clients that have gone already are skipped.
   *
   * Completes with EMFILE, ENFILE: no descriptor is free; the client waits in the kernel's queue.
   *
   * @param complete - gets the new descriptor.
   * @returns the number of the operation, for {@link cancel}.
   * @see accept(2)
   */
  accept(complete: CompletionHandler<undefined>): OperationId;
  /**
   * The same with options.
   *
   * @param options - `from` gets the peer's address, `data` is for the handler.
   */
  accept<Data = undefined>(
    options: AcceptOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  accept(
    options: AcceptOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    const { data, from } = optionsIn(options);
    return this.#read(requestAccept(this.take(Kind.Accept, complete, data), from));
  }

  /**
   * Connects a socket. After a failure or a cancellation the socket can only be closed.
   *
   * Completes with ECONNREFUSED, ETIMEDOUT, ENETUNREACH, …; of a Unix socket EAGAIN: the backlog of
   * the listener is full.
   *
   * @param address - where to, as `{ address, port }` or `{ path }`.
   * @param complete - gets 0.
   * @returns the number of the operation, for {@link cancel}.
   * @see connect(2)
   */
  connect(address: AddressInput, complete: CompletionHandler<undefined>): OperationId;
  /**
   * The same with options.
   *
   * @param options - `data` is for the handler.
   */
  connect<Data = undefined>(
    address: AddressInput,
    options: OperationOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  connect(
    address: AddressInput,
    options: OperationOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    const { data } = optionsIn(options);
    return this.#write(requestConnect(this.take(Kind.Connect, complete, data), address));
  }

  /**
   * Reads the bytes that are available, at least one. A result of 0 is the end.
   *
   * @param bytes - where to; at least one byte.
   * @param complete - gets the count of bytes, 0 to the length of the range.
   * @returns the number of the operation, for {@link cancel}.
   * @see read(2), recv(2)
   */
  read(bytes: Uint8Array, complete: CompletionHandler<undefined>): OperationId;
  /**
   * The same with options.
   *
   * @param options - `offset` and `length` of the range to fill, `data` for the handler.
   */
  read<Data = undefined>(
    bytes: Uint8Array,
    options: RangeOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  read(
    bytes: Uint8Array,
    options: RangeOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    const { data, offset, length } = optionsIn(options);
    const operation = this.take(Kind.Read, complete, data);
    return this.#read(requestRange(operation, 1, bytes, offset, length));
  }

  /**
   * Reads until the whole range is filled. Completes with ERR_UNEXPECTED_END when the end comes first.
   *
   * @param bytes - where to; at least one byte.
   * @param complete - gets the length of the range; with an error, the bytes before it.
   * @returns the number of the operation, for {@link cancel}.
   */
  readExactly(bytes: Uint8Array, complete: CompletionHandler<undefined>): OperationId;
  /**
   * The same with options.
   *
   * @param options - as for {@link read}.
   */
  readExactly<Data = undefined>(
    bytes: Uint8Array,
    options: RangeOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  readExactly(
    bytes: Uint8Array,
    options: RangeOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    const { data, offset, length } = optionsIn(options);
    const operation = this.take(Kind.ReadExactly, complete, data);
    return this.#read(requestRange(operation, 1, bytes, offset, length));
  }

  /**
   * Writes what the kernel accepts, which may be less than all. Completes with EPIPE when the peer
   * does not read any more.
   *
   * @param bytes - what to write.
   * @param complete - gets the count of bytes, 0 to the length of the range.
   * @returns the number of the operation, for {@link cancel}.
   * @see write(2), send(2)
   */
  write(bytes: Uint8Array, complete: CompletionHandler<undefined>): OperationId;
  /**
   * The same with options.
   *
   * @param options - `offset` and `length` of the range to write, `data` for the handler.
   */
  write<Data = undefined>(
    bytes: Uint8Array,
    options: RangeOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  write(
    bytes: Uint8Array,
    options: RangeOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    const { data, offset, length } = optionsIn(options);
    const operation = this.take(Kind.Write, complete, data);
    return this.#write(requestRange(operation, 0, bytes, offset, length));
  }

  /**
   * Writes the whole range.
   *
   * @param bytes - what to write.
   * @param complete - gets the length of the range; with an error, the bytes before it.
   * @returns the number of the operation, for {@link cancel}.
   */
  writeAll(bytes: Uint8Array, complete: CompletionHandler<undefined>): OperationId;
  /**
   * The same with options.
   *
   * @param options - as for {@link write}.
   */
  writeAll<Data = undefined>(
    bytes: Uint8Array,
    options: RangeOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  writeAll(
    bytes: Uint8Array,
    options: RangeOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    const { data, offset, length } = optionsIn(options);
    const operation = this.take(Kind.WriteAll, complete, data);
    return this.#write(requestRange(operation, 0, bytes, offset, length));
  }

  /**
   * Receives one message, as {@link "sys".recvmsg} describes.
   *
   * @param buffers - at most 1024, at least one byte together.
   * @param into - filled with sender, flags and descriptors; it belongs to the operation until that
   *   completes.
   * @param complete - gets the count of bytes.
   * @returns the number of the operation, for {@link cancel}.
   * @see recvmsg(2)
   */
  recvmsg(
    buffers: readonly Uint8Array[],
    into: sys.ReceivedMessage,
    complete: CompletionHandler<undefined>,
  ): OperationId;
  /**
   * The same with options.
   *
   * @param options - `flags` (`MSG_PEEK`, …) and `data` for the handler. With `MSG_ERRQUEUE` the
   *   operation does not wait, neither for an error (EAGAIN: none is queued) nor for earlier operations.
   */
  recvmsg<Data = undefined>(
    buffers: readonly Uint8Array[],
    into: sys.ReceivedMessage,
    options: MessageOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  recvmsg(
    buffers: readonly Uint8Array[],
    into: sys.ReceivedMessage,
    options: MessageOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    const { data, flags = 0 } = optionsIn(options);
    const operation = this.take(Kind.ReceiveMessage, complete, data);
    return this.#read(requestReceive(operation, buffers, into, flags));
  }

  /**
   * Sends one message, as {@link "sys".sendmsg} describes; of a stream, what the kernel accepts of it.
   *
   * @param message - receiver and list of buffers are copied, the bytes are not.
   * @param complete - gets the count of bytes.
   * @returns the number of the operation, for {@link cancel}.
   * @see sendmsg(2)
   */
  sendmsg(message: sys.OutgoingMessage, complete: CompletionHandler<undefined>): OperationId;
  /**
   * The same with options.
   *
   * @param options - `flags` (`MSG_MORE`, …) and `data` for the handler.
   */
  sendmsg<Data = undefined>(
    message: sys.OutgoingMessage,
    options: MessageOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  sendmsg(
    message: sys.OutgoingMessage,
    options: MessageOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    const { data, flags = 0 } = optionsIn(options);
    const operation = this.take(Kind.SendMessage, complete, data);
    return this.#write(requestSend(operation, message, flags));
  }

  /**
   * Sends a regular file. Completes with ERR_FILE_SHRANK when the file ends before the range does.
   *
   * @param fd - the file; borrowed until the operation completes.
   * @param complete - gets the count of bytes.
   * @returns the number of the operation, for {@link cancel}.
   * @throws TypeError - not a regular file. RangeError - the range ends behind the file.
   * @see sendfile(2)
   */
  sendFile(fd: number, complete: CompletionHandler<undefined>): OperationId;
  /**
   * The same with options.
   *
   * @param options - `offset` and `length` of the range of the file, `data` for the handler.
   */
  sendFile<Data = undefined>(
    fd: number,
    options: RangeOptions<Data> | undefined,
    complete: CompletionHandler<Data>,
  ): OperationId;
  sendFile(
    fd: number,
    options: RangeOptions | CompletionHandler<never> | undefined,
    complete = options as CompletionHandler<never>,
  ): OperationId {
    const { data, offset = 0, length } = optionsIn(options);
    const operation = this.take(Kind.SendFile, complete, data);
    return this.#write(requestFile(operation, fd, offset, length));
  }

  /**
   * Ends one operation: it completes with ECANCELED, and with the bytes that it had moved.
   *
   * @param id - what the operation returned.
   * @returns false: no such operation waits here; it has its result already.
   */
  cancel(id: OperationId): boolean {
    return this.lanes.cancel(id);
  }

  /**
   * Ends all operations that wait, as {@link cancel} does, those that read first.
   *
   * @returns count of the operations that were ended.
   */
  cancelAll(): number {
    return this.lanes.cancelAll();
  }

  /**
   * Cancels all operations and releases the descriptor, which stays open. Does nothing the second
   * time.
   */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.lanes.close();
    this.owner.forget(this);
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { fd, isClosed: closed } = this;
    return shown('Descriptor', { fd, closed });
  }

  /** The same as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  take(kind: Kind, complete: CompletionHandler<never>, data: unknown): Operation {
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
