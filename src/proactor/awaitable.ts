// Operations for `await`: the same as those of a Descriptor, with a promise in place of the handler.
// Errors get the stack of the caller that waits (promises/failure.ts). The methods are not `async`: that
// would be one more promise for each operation that waits, and more turns of the microtask queue.
import { constants as os } from 'node:os';
import type { AddressInput } from '../address.ts';
import { ErrnoError, invalidType } from '../errors.ts';
import { SHOWN } from '../inspect.ts';
import { renewed } from '../promises/failure.ts';
import { Waiter, type WaitOptions } from '../promises/waiter.ts';
import type { OutgoingMessage, ReceivedMessage } from '../sys/index.ts';
import { checkObject, throwIfAborted } from '../validate.ts';
import { Descriptor } from './descriptor.ts';
import type { Lane } from './lane.ts';
import { type CompletionHandler, Kind, type Operation, type OperationId } from './operation.ts';
import type { AcceptOptions, MessageOptions, RangeOptions } from './options.ts';
import {
  requestAccept,
  requestConnect,
  requestFile,
  requestRange,
  requestReceive,
  requestSend,
} from './requests.ts';

/** Results in a row without a turn of the reactor in between; then it gets one. */
const AT_ONCE_MAX = 16;
const { ECANCELED } = os.errno;

/** Options of an awaited `accept`. */
export type AcceptWaitOptions = Omit<AcceptOptions, 'data'> & WaitOptions;

/** Options of the awaited operations on a buffer or a file. */
export type RangeWaitOptions = Omit<RangeOptions, 'data'> & WaitOptions;

/** Options of the awaited `recvmsg` and `sendmsg`. */
export type MessageWaitOptions = Omit<MessageOptions, 'data'> & WaitOptions;

const ignored: CompletionHandler = () => undefined;

// What waits for the completion of one operation.
class Pending {
  readonly waiter = new Waiter<number>();
  error: NodeJS.ErrnoException | undefined = undefined;
}

/**
 * The operations of a {@link Descriptor} for `await`; each is described there.
 *
 * An operation that is done at once resolves without a turn of the reactor, so it may overtake handlers
 * that are still to be called for earlier completions. Every failure rejects, wrong arguments too.
 * Aborting `signal` cancels the operation and rejects with the signal's reason; bytes that it had moved
 * are lost to the caller of a read, so a stream cannot be continued after an aborted `readExactly`.
 */
export class AwaitableDescriptor {
  /** The same descriptor with handlers. */
  readonly descriptor: Descriptor;
  #atOnceLeft = AT_ONCE_MAX;

  /** @internal use {@link awaitable} */
  constructor(descriptor: Descriptor) {
    this.descriptor = descriptor;
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    return this.descriptor[SHOWN]();
  }

  /**
   * Takes a connection of a listening socket.
   *
   * @param options - `from` gets the peer's address; `signal` cancels.
   * @returns resolves with the new descriptor, which belongs to the caller.
   */
  accept(options: AcceptWaitOptions = {}): Promise<number> {
    try {
      checkObject('options', options);
      const { signal, from } = options;
      return this.#read(requestAccept(this.#take(Kind.Accept), from), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Connects a socket.
   *
   * @returns resolves with 0.
   */
  connect(address: AddressInput, options: WaitOptions = {}): Promise<number> {
    try {
      checkObject('options', options);
      const { signal } = options;
      return this.#write(requestConnect(this.#take(Kind.Connect), address), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads the bytes that are available, at least one.
   *
   * @returns resolves with the count of bytes; 0: the end.
   */
  read(bytes: Uint8Array, options: RangeWaitOptions = {}): Promise<number> {
    try {
      checkObject('options', options);
      const { offset, length, signal } = options;
      return this.#read(requestRange(this.#take(Kind.Read), 1, bytes, offset, length), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Reads until the whole range is filled; resolves with its length. */
  readExactly(bytes: Uint8Array, options: RangeWaitOptions = {}): Promise<number> {
    try {
      checkObject('options', options);
      const { offset, length, signal } = options;
      return this.#read(
        requestRange(this.#take(Kind.ReadExactly), 1, bytes, offset, length),
        signal,
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Writes what the kernel accepts; resolves with the count of bytes. */
  write(bytes: Uint8Array, options: RangeWaitOptions = {}): Promise<number> {
    try {
      checkObject('options', options);
      const { offset, length, signal } = options;
      return this.#write(requestRange(this.#take(Kind.Write), 0, bytes, offset, length), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Writes the whole range; resolves with its length. */
  writeAll(bytes: Uint8Array, options: RangeWaitOptions = {}): Promise<number> {
    try {
      checkObject('options', options);
      const { offset, length, signal } = options;
      return this.#write(requestRange(this.#take(Kind.WriteAll), 0, bytes, offset, length), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Receives one message; resolves with the count of bytes. */
  recvmsg(
    buffers: readonly Uint8Array[],
    into: ReceivedMessage,
    options: MessageWaitOptions = {},
  ): Promise<number> {
    try {
      checkObject('options', options);
      const { flags = 0, signal } = options;
      const operation = this.#take(Kind.ReceiveMessage);
      return this.#read(requestReceive(operation, buffers, into, flags), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends one message; resolves with the count of bytes. */
  sendmsg(message: OutgoingMessage, options: MessageWaitOptions = {}): Promise<number> {
    try {
      checkObject('options', options);
      const { flags = 0, signal } = options;
      return this.#write(requestSend(this.#take(Kind.SendMessage), message, flags), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends a regular file, or a range of it; resolves with the count of bytes. */
  sendFile(fd: number, options: RangeWaitOptions = {}): Promise<number> {
    try {
      checkObject('options', options);
      const { offset = 0, length, signal } = options;
      return this.#write(requestFile(this.#take(Kind.SendFile), fd, offset, length), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #take(kind: Kind): Operation {
    return this.descriptor.take(kind, ignored, undefined);
  }

  #read(operation: Operation, signal: AbortSignal | undefined): Promise<number> {
    return this.#run(this.descriptor.lanes.reading, operation, signal);
  }

  #write(operation: Operation, signal: AbortSignal | undefined): Promise<number> {
    return this.#run(this.descriptor.lanes.writing, operation, signal);
  }

  // Throws what is wrong with the arguments, or what failed at once.
  #run(lane: Lane, operation: Operation, signal: AbortSignal | undefined): Promise<number> {
    throwIfAborted(signal);
    const { lanes, owner } = this.descriptor;
    const id = owner.begin(operation);
    if (lanes.start(lane, operation)) {
      if (this.#atOnceLeft-- > 0) {
        const { error, result } = operation;
        owner.takeBack(operation);
        if (error !== undefined) throw error;
        return Promise.resolve(result);
      }
      owner.finish(operation);
    }
    const pending = new Pending();
    operation.complete = this.#settle as CompletionHandler;
    operation.data = pending;
    return this.#wait(pending, id, signal);
  }

  readonly #settle: CompletionHandler<Pending> = (error, result, pending) => {
    this.#atOnceLeft = AT_ONCE_MAX;
    pending.error = error;
    pending.waiter.resolve(result);
  };

  async #wait(pending: Pending, id: OperationId, signal?: AbortSignal): Promise<number> {
    const onAbort = () => this.descriptor.cancel(id);
    signal?.addEventListener('abort', onAbort, { once: true });
    const result = await pending.waiter.promise;
    signal?.removeEventListener('abort', onAbort);
    const { error } = pending;
    if (error === undefined) return result;
    const isCancelled = error instanceof ErrnoError && error.errno === -ECANCELED;
    if (isCancelled && signal?.aborted) throw signal.reason;
    throw renewed(error, 'the Descriptor');
  }
}

/**
 * The same descriptor for `await`; both forms can be used at the same time.
 *
 * @throws TypeError - ERR_INVALID_ARG_TYPE: not a Descriptor.
 */
export function awaitable(descriptor: Descriptor): AwaitableDescriptor {
  if (!(descriptor instanceof Descriptor)) {
    throw invalidType('descriptor', 'a Descriptor', descriptor);
  }
  return new AwaitableDescriptor(descriptor);
}
