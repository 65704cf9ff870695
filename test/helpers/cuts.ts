// Whether this run has every read and write of a stream cut to one byte (`npm run test:long -- faults`,
// test/faults/one_byte.c). Then a byte costs as many system calls as a buffer does otherwise.

import { it } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { must } from './descriptors.ts';

const FEWER = 200;

export const isCutToOneByte = process.env.EDGEWISE_TEST_CUT === '1';

/** So many bytes, or fewer when each takes system calls of its own. */
export function volume(bytes: number): number {
  return isCutToOneByte ? Math.ceil(bytes / FEWER) : bytes;
}

/** More than a connection takes while nothing is read, however long that lasts: the largest of tcp_wmem and tcp_rmem is 36 MB. */
export const UNTAKEN = Buffer.alloc(volume(64 << 20));

/** A test of what comes in one chunk: it cannot pass when transfers are cut to one byte. */
export function itUncut(name: string, body: () => void | Promise<void>): void {
  if (isCutToOneByte) process.stdout.write(`skipped: every transfer is one byte: ${name}\n`);
  it.skipIf(isCutToOneByte)(name, body);
}

/** Sends all of `bytes`, for which there must be room: in one call, or byte by byte when cut. */
export function sendWhole(fd: number, bytes: Uint8Array): void {
  for (let sent = 0; sent < bytes.length; ) sent += must(sys.write(fd, bytes.subarray(sent)));
}

/** Reads until so many bytes have come, which must be there: in one call, or byte by byte when cut. */
export function readWhole(fd: number, bytes: number): string {
  const room = Buffer.alloc(bytes);
  let length = 0;
  do length += must(sys.read(fd, room.subarray(length)));
  while (isCutToOneByte && length < bytes);
  return room.toString('utf8', 0, length);
}
