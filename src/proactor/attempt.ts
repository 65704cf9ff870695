// One attempt at an operation: its system call, once or until would-block, and the outcome.
//
// Under the level trigger a short read or write is not followed by another call: the kernel reports
// when there is more, so the call that would only return would-block is saved. Under the edge trigger
// nothing but would-block proves that an edge will come.
import { constants as os } from 'node:os';
import type { SocketAddress } from '../address.ts';
import { EdgewiseError, errnoError } from '../errors.ts';
import {
  connectResult,
  errorContextOf,
  type FileRangeEntry,
  takePendingError,
} from '../net/index.ts';
import * as sys from '../sys/index.ts';
import { Kind, type Operation } from './operation.ts';
import { type Inbound, totalLength } from './requests.ts';

const { ECONNABORTED, EINPROGRESS, EINTR, ENOTCONN, EPROTO } = os.errno;
const { SOCK_NONBLOCK } = sys.constants;
const MSG_ERRQUEUE = sys.constants.MSG_ERRQUEUE ?? 0;

/** System calls of one attempt; then others get their turn. */
const CALLS_MAX = 16;

/** The outcome of an attempt, as bits; none: it has used up its turn and needs another. */
export const Outcome = {
  /** The operation has its result or its error. */
  Done: 1,
  /** The kernel has nothing more now, and reports when it has. */
  Dry: 2,
} as const;
export type Outcome = number;

/** The descriptor that operations are tried on. */
export interface Channel {
  readonly fd: number;
  readonly isSocket: boolean;
  readonly isLevel: boolean;
}

/** Whether it never waits: the queue of errors is always read without blocking (recv(2)). */
export function isAtOnce({ kind, flags }: Operation): boolean {
  return kind === Kind.ReceiveMessage && (flags & MSG_ERRQUEUE) !== 0;
}

/** Makes one attempt. Never throws: what a lower layer throws becomes the operation's error. */
export function attempt(operation: Operation, channel: Channel): Outcome {
  try {
    switch (operation.kind) {
      case Kind.Accept:
        return accept(operation, channel);
      case Kind.Connect:
        return connect(operation, channel);
      case Kind.ReceiveMessage:
      case Kind.SendMessage:
        return passMessage(operation, channel);
      case Kind.SendFile:
        return sendFile(operation, channel);
      default:
        return transfer(operation, channel);
    }
  } catch (error) {
    return fail(operation, error as Error);
  }
}

function fail(operation: Operation, error: Error): Outcome {
  operation.error = error;
  return Outcome.Done;
}

function failWith(operation: Operation, result: number, { fd }: Channel): Outcome {
  return fail(operation, errnoError(result, operation.syscall, { fd }));
}

function detached(operation: Operation): Outcome {
  const message = 'the memory of the operation was detached, or shrank, before it completed';
  return fail(operation, new EdgewiseError('ERR_BUFFER_DETACHED', message));
}

function move(operation: Operation, { fd, isSocket }: Channel): number {
  const { bytes, kind, result } = operation;
  const at = operation.offset + result;
  const length = operation.length - result;
  if (kind <= Kind.ReadExactly) {
    if (!isSocket) return sys.read(fd, bytes, at, length);
    return at + length === bytes.length ? sys.recv(fd, bytes, at) : sys.recv(fd, bytes, at, length);
  }
  return isSocket ? sys.send(fd, bytes, at, length) : sys.write(fd, bytes, at, length);
}

function transfer(operation: Operation, channel: Channel): Outcome {
  const { kind } = operation;
  const isShortDry = channel.isLevel && channel.isSocket;
  for (let calls = 0; calls < CALLS_MAX; calls++) {
    if (operation.bytes.length < operation.offset + operation.length) return detached(operation);
    const count = move(operation, channel);
    if (count === sys.WOULD_BLOCK) return Outcome.Dry;
    if (count === -EINTR) continue;
    if (count < 0) return failWith(operation, count, channel);
    operation.result += count;
    const isWhole = operation.result === operation.length;
    if (kind === Kind.Read || kind === Kind.Write) {
      return isWhole || count === 0 || !isShortDry ? Outcome.Done : Outcome.Done | Outcome.Dry;
    }
    if (isWhole) return Outcome.Done;
    if (count === 0 && kind === Kind.ReadExactly) return fail(operation, endedEarly(operation));
    if (isShortDry) return Outcome.Dry;
  }
  return 0;
}

function endedEarly({ result, length }: Operation): Error {
  return new EdgewiseError('ERR_UNEXPECTED_END', `the end after ${result} of ${length} bytes`);
}

function accept(operation: Operation, channel: Channel): Outcome {
  const from = operation.detail as SocketAddress | undefined;
  for (let calls = 0; calls < CALLS_MAX; calls++) {
    const fd = sys.accept4(channel.fd, from, SOCK_NONBLOCK);
    if (fd >= 0) {
      operation.result = fd;
      return Outcome.Done;
    }
    if (fd === sys.WOULD_BLOCK) return Outcome.Dry;
    // About one client, which has gone already: the next one may be waiting.
    if (fd !== -ECONNABORTED && fd !== -EPROTO && fd !== -EINTR) {
      return failWith(operation, fd, channel);
    }
  }
  return 0;
}

// The first attempt connects. Writability alone proves nothing afterwards: SO_ERROR is read, and then
// looked whether it is connected, and not to itself.
function connect(operation: Operation, { fd }: Channel): Outcome {
  const address = operation.detail as SocketAddress;
  let result = 0;
  if (operation.flags === 0) {
    operation.flags = 1; // it is under way from here on
    result = sys.connect(fd, address);
    if (result === -EINPROGRESS || result === -EINTR) return Outcome.Dry;
  } else {
    result = takePendingError(fd);
  }
  if (result >= 0) result = connectResult(fd);
  if (result === -ENOTCONN) return Outcome.Dry; // a spurious report: it is still under way
  if (result === 0) return Outcome.Done;
  return fail(operation, errnoError(result, 'connect', errorContextOf(address)));
}

function passMessage(operation: Operation, channel: Channel): Outcome {
  const { flags, kind } = operation;
  const message = operation.detail as Inbound | sys.OutgoingMessage;
  for (let calls = 0; calls < CALLS_MAX; calls++) {
    if (totalLength(message.buffers) < operation.length) return detached(operation);
    const count =
      kind === Kind.SendMessage
        ? sys.sendmsg(channel.fd, message as sys.OutgoingMessage, flags)
        : sys.recvmsg(channel.fd, message.buffers, (message as Inbound).into, flags);
    if (count === sys.WOULD_BLOCK && !isAtOnce(operation)) return Outcome.Dry;
    if (count === -EINTR) continue;
    if (count < 0) return failWith(operation, count, channel);
    operation.result = count;
    return Outcome.Done;
  }
  return 0;
}

function sendFile(operation: Operation, channel: Channel): Outcome {
  const entry = operation.detail as FileRangeEntry;
  for (let calls = 0; calls < CALLS_MAX; calls++) {
    if (entry.isSent) return Outcome.Done;
    const count = entry.sendTo(channel.fd);
    if (count === sys.WOULD_BLOCK) return Outcome.Dry;
    if (count === -EINTR) continue;
    if (count < 0) return failWith(operation, count, channel);
    operation.result += count;
  }
  return entry.isSent ? Outcome.Done : 0;
}
