// Checks the arguments of operations, before any system call, and stores them in the operation. What
// its owner may change while the operation is pending, other than the bytes, is copied.
import { type AddressInput, SocketAddress } from '../address.ts';
import { invalidType, outOfRange } from '../errors.ts';
import { checkFileRange, FileRangeEntry } from '../net/index.ts';
import { type OutgoingMessage, ReceivedMessage } from '../sys/index.ts';
import {
  checkBytes,
  checkFd,
  checkFlags,
  checkInteger,
  checkObject,
  IOV_MAX,
  keepableBytes,
} from '../validate.ts';
import type { Operation } from './operation.ts';

const DESCRIPTORS_MAX = 253; // SCM_MAX_FD, as for sys.sendmsg

/** Part of a buffer. `lengthMin` is 1 for reads: a read into nothing would look like the end. */
export function requestRange(
  operation: Operation,
  lengthMin: number,
  bytes: Uint8Array,
  offset = 0,
  length?: number,
): Operation {
  const size = checkBytes('bytes', bytes);
  if (offset !== 0) checkInteger('offset', offset, 0, size);
  const left = size - offset;
  if (length !== undefined) checkInteger('length', length, 0, left);
  operation.bytes = bytes;
  operation.offset = offset;
  operation.length = length ?? left;
  if (operation.length < lengthMin) throw outOfRange('length', 'at least 1', operation.length);
  return operation;
}

export function requestAccept(operation: Operation, from: SocketAddress | undefined): Operation {
  if (from !== undefined && SocketAddress.slotIn(from) === undefined) {
    throw invalidType('from', 'a SocketAddress', from);
  }
  operation.detail = from;
  operation.result = -1;
  return operation;
}

export function requestConnect(operation: Operation, address: AddressInput): Operation {
  operation.detail = new SocketAddress(address);
  return operation;
}

/** The memory that a message is received into. */
export interface Inbound {
  readonly buffers: readonly Uint8Array[];
  readonly into: ReceivedMessage;
}

export function requestReceive(
  operation: Operation,
  buffers: readonly Uint8Array[],
  into: ReceivedMessage,
  flags: number,
): Operation {
  if (ReceivedMessage.headerIn(into) === undefined) {
    throw invalidType('into', 'a ReceivedMessage', into);
  }
  operation.flags = checkFlags('flags', flags);
  const inbound: Inbound = { buffers: checkedBuffers('buffers', buffers), into };
  operation.length = totalLength(inbound.buffers);
  if (operation.length === 0) throw outOfRange('the length of buffers', 'at least 1', 0);
  operation.detail = inbound;
  return operation;
}

export function requestSend(
  operation: Operation,
  message: OutgoingMessage,
  flags: number,
): Operation {
  checkObject('message', message);
  operation.flags = checkFlags('flags', flags);
  const { buffers, to, descriptors } = message;
  // The bytes last: getters of the others may run.
  const outbound: OutgoingMessage = {
    ...(to !== undefined && { to: new SocketAddress(to) }),
    ...(descriptors !== undefined && { descriptors: checkedDescriptors(descriptors) }),
    buffers: checkedBuffers('message.buffers', buffers),
  };
  operation.length = totalLength(outbound.buffers);
  operation.detail = outbound;
  return operation;
}

export function requestFile(
  operation: Operation,
  fd: number,
  offset: number,
  length: number | undefined,
): Operation {
  const range = checkFileRange(fd, offset, length);
  operation.length = range.length;
  operation.detail = new FileRangeEntry(range, () => undefined);
  return operation;
}

export function totalLength(buffers: readonly Uint8Array[]): number {
  let total = 0;
  for (const { length } of buffers) total += length;
  return total;
}

function checkedBuffers(name: string, buffers: readonly Uint8Array[]): readonly Uint8Array[] {
  if (!Array.isArray(buffers)) throw invalidType(name, 'an array of Uint8Array', buffers);
  checkInteger(`${name}.length`, buffers.length, 0, IOV_MAX);
  const copy = [...(buffers as readonly Uint8Array[])];
  return copy.map((bytes, index) => keepableBytes(`${name}[${index}]`, bytes));
}

function checkedDescriptors(descriptors: readonly number[]): readonly number[] {
  if (!Array.isArray(descriptors)) {
    throw invalidType('message.descriptors', 'an array of numbers', descriptors);
  }
  checkInteger('message.descriptors.length', descriptors.length, 0, DESCRIPTORS_MAX);
  const copy = [...(descriptors as readonly number[])];
  for (const [index, fd] of copy.entries()) checkFd(fd, `message.descriptors[${index}]`);
  return copy;
}
