// One operation that was submitted: what is to be done, how far it is, and its handler. The objects are
// pooled and all of one shape; none is handed out, so none is held beyond its completion. Callers name
// an operation by its number, which is never used twice.
import type { AsyncResource } from 'node:async_hooks';

/**
 * Called once for each operation, in a turn of the reactor, never inside the call that submitted it.
 *
 * @param error - what went wrong; ECANCELED after a cancellation.
 * @param result - bytes that were moved, also when there is an error; the descriptor that was
 *   accepted, -1 when there is none; 0 of a connect and of a delay.
 * @param data - the option `data` of the operation.
 */
export type CompletionHandler<Data = unknown> = (
  error: NodeJS.ErrnoException | undefined,
  result: number,
  data: Data,
) => void;

/** The number of an operation, for `cancel`: from 1, one that no other operation of its proactor has. */
export type OperationId = number;

/** By its system call; the names are those of error.syscall. */
export const Kind = {
  Accept: 0,
  Connect: 1,
  Read: 2,
  ReadExactly: 3,
  ReceiveMessage: 4,
  Write: 5,
  WriteAll: 6,
  SendMessage: 7,
  SendFile: 8,
  Delay: 9,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

const SYSCALLS: readonly string[] = [
  'accept',
  'connect',
  'read',
  'read',
  'recvmsg',
  'write',
  'write',
  'sendmsg',
  'sendfile',
  'delay',
];

const NOTHING = new Uint8Array(0);
const ignored: CompletionHandler = () => undefined;

export class Operation {
  id: OperationId = 0;
  kind: Kind = Kind.Read;
  /** Behind this one, in a lane, in the queue of completions or in the pool. */
  next: Operation | undefined = undefined;
  complete: CompletionHandler = ignored;
  data: unknown = undefined;
  /** The async context of its submission, when that is kept. */
  scope: AsyncResource | undefined = undefined;
  /** The caller's memory, which is the operation's until it completes. */
  bytes: Uint8Array = NOTHING;
  offset = 0;
  /** Bytes to be moved. */
  length = 0;
  /** What a kind needs beside them: an address, a message, a range of a file. */
  detail: unknown = undefined;
  flags = 0;
  result = 0;
  error: NodeJS.ErrnoException | undefined = undefined;

  get syscall(): string {
    return SYSCALLS[this.kind] as string;
  }
}

const POOLED_MAX = 4096;

/** Operations that have completed, to be used again. */
export class OperationPool {
  #top: Operation | undefined = undefined;
  #count = 0;

  take(kind: Kind, complete: CompletionHandler, data: unknown): Operation {
    let operation = this.#top;
    if (operation === undefined) operation = new Operation();
    else {
      this.#top = operation.next;
      operation.next = undefined;
      this.#count--;
    }
    operation.kind = kind;
    operation.complete = complete;
    operation.data = data;
    return operation;
  }

  /** Forgets what the operation held. */
  give(operation: Operation): void {
    if (this.#count >= POOLED_MAX) return;
    operation.complete = ignored;
    operation.data = undefined;
    operation.scope = undefined;
    operation.bytes = NOTHING;
    operation.detail = undefined;
    operation.error = undefined;
    operation.result = 0;
    operation.flags = 0;
    operation.next = this.#top;
    this.#top = operation;
    this.#count++;
  }
}
