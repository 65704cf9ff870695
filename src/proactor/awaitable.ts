// Operations for `await`: the same as those of a Descriptor, with a promise in place of the handler,
// or the result itself when it is there at once. Errors are renewed where the caller waits
// (promises/failure.ts).
import { constants as os } from 'node:os';
import type { AddressInput, SocketAddress } from '../address.ts';
import { ErrnoError, invalidType } from '../errors.ts';
import { renewed } from '../promises/failure.ts';
import { type MaybePromise, Waiter, type WaitOptions } from '../promises/waiter.ts';
import type { OutgoingMessage, ReceivedMessage } from '../sys/index.ts';
import { checkObject, checkSignal } from '../validate.ts';
import { Descriptor } from './descriptor.ts';
import type { Lane } from './lane.ts';
import { type CompletionHandler, Kind, type Operation, type OperationId } from './operation.ts';
import {
  requestAccept,
  requestConnect,
  requestFile,
  requestRange,
  requestReceive,
  requestSend,
} from './requests.ts';

/** Results in a row that are given at once; then the reactor gets its turn. */
const AT_ONCE_MAX = 16;
const { ECANCELED } = os.errno;

/** Which part of a buffer; default: all of it. */
export interface RangeOptions extends WaitOptions {
  readonly offset?: number | undefined;
  readonly length?: number | undefined;
}

export interface MessageOptions extends WaitOptions {
  readonly flags?: number | undefined;
}

const ignored: CompletionHandler = () => undefined;

// What waits for the completion of one operation.
class Pending {
  readonly waiter = new Waiter<number>();
  error: Error | undefined = undefined;
}

/**
 * The operations of a {@link Descriptor}, to be awaited; it has what they do, take and fail with.
 *
 * A result that is there at once is given as it is, without a promise and without a turn in between,
 * so it may overtake completions that handlers are still to be told. Wrong arguments throw at once.
 * Aborting `signal` cancels the operation and rejects with the signal's reason; bytes that it had moved
 * are lost to the caller of a read, so a stream cannot go on after an aborted `readExactly`.
 */
export class AwaitableDescriptor {
  readonly descriptor: Descriptor;
  #atOnceLeft = AT_ONCE_MAX;

  /** @internal use {@link awaitable} */
  constructor(descriptor: Descriptor) {
    this.descriptor = descriptor;
  }

  /** Resolves with the new descriptor, which is the caller's. */
  accept(options: WaitOptions & { from?: SocketAddress } = {}): MaybePromise<number> {
    checkObject('options', options);
    const { signal, from } = options;
    return this.#read(requestAccept(this.#take(Kind.Accept), from), signal);
  }

  /** Resolves with 0. */
  connect(address: AddressInput, options: WaitOptions = {}): MaybePromise<number> {
    checkObject('options', options);
    const { signal } = options;
    return this.#write(requestConnect(this.#take(Kind.Connect), address), signal);
  }

  /** Resolves with the count of bytes; 0: the end. */
  read(bytes: Uint8Array, options: RangeOptions = {}): MaybePromise<number> {
    checkObject('options', options);
    const { offset, length, signal } = options;
    return this.#read(requestRange(this.#take(Kind.Read), 1, bytes, offset, length), signal);
  }

  readExactly(bytes: Uint8Array, options: RangeOptions = {}): MaybePromise<number> {
    checkObject('options', options);
    const { offset, length, signal } = options;
    return this.#read(requestRange(this.#take(Kind.ReadExactly), 1, bytes, offset, length), signal);
  }

  write(bytes: Uint8Array, options: RangeOptions = {}): MaybePromise<number> {
    checkObject('options', options);
    const { offset, length, signal } = options;
    return this.#write(requestRange(this.#take(Kind.Write), 0, bytes, offset, length), signal);
  }

  writeAll(bytes: Uint8Array, options: RangeOptions = {}): MaybePromise<number> {
    checkObject('options', options);
    const { offset, length, signal } = options;
    return this.#write(requestRange(this.#take(Kind.WriteAll), 0, bytes, offset, length), signal);
  }

  recvmsg(
    buffers: readonly Uint8Array[],
    into: ReceivedMessage,
    options: MessageOptions = {},
  ): MaybePromise<number> {
    checkObject('options', options);
    const { flags = 0, signal } = options;
    const operation = this.#take(Kind.ReceiveMessage);
    return this.#read(requestReceive(operation, buffers, into, flags), signal);
  }

  sendmsg(message: OutgoingMessage, options: MessageOptions = {}): MaybePromise<number> {
    checkObject('options', options);
    const { flags = 0, signal } = options;
    return this.#write(requestSend(this.#take(Kind.SendMessage), message, flags), signal);
  }

  /** @param options - the range of the file; default: all of it. */
  sendFile(fileFd: number, options: RangeOptions = {}): MaybePromise<number> {
    checkObject('options', options);
    const { offset = 0, length, signal } = options;
    return this.#write(requestFile(this.#take(Kind.SendFile), fileFd, offset, length), signal);
  }

  #take(kind: Kind): Operation {
    return this.descriptor.take(kind, ignored, undefined);
  }

  #read(operation: Operation, signal: AbortSignal | undefined): MaybePromise<number> {
    return this.#run(this.descriptor.lanes.reading, operation, signal);
  }

  #write(operation: Operation, signal: AbortSignal | undefined): MaybePromise<number> {
    return this.#run(this.descriptor.lanes.writing, operation, signal);
  }

  #run(lane: Lane, operation: Operation, signal: AbortSignal | undefined): MaybePromise<number> {
    checkSignal(signal);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { lanes, owner } = this.descriptor;
    const id = owner.begin(operation);
    if (lanes.start(lane, operation)) {
      if (this.#atOnceLeft-- > 0) {
        const { error, result } = operation;
        owner.takeBack(operation);
        return error === undefined ? result : Promise.reject(error);
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

/** The same descriptor for `await`; both forms can be used at a time. */
export function awaitable(descriptor: Descriptor): AwaitableDescriptor {
  if (!(descriptor instanceof Descriptor)) {
    throw invalidType('descriptor', 'a Descriptor', descriptor);
  }
  return new AwaitableDescriptor(descriptor);
}
