// Whether this run has every read and write of a stream cut to one byte (`npm run test:faults`,
// test/faults/one_byte.c). Then a byte costs as many system calls as a buffer does otherwise.

import { it } from 'vitest';

const FEWER = 200;

export const isCutToOneByte = process.env.EDGEWISE_TEST_CUT === '1';

/** So many bytes, or fewer when each takes system calls of its own. */
export function volume(bytes: number): number {
  return isCutToOneByte ? Math.ceil(bytes / FEWER) : bytes;
}

/** A test of what comes in one piece: there are no pieces when transfers are cut. */
export function itOfPieces(name: string, body: () => Promise<void>): void {
  if (isCutToOneByte) process.stdout.write(`skipped: every piece is one byte: ${name}\n`);
  it.skipIf(isCutToOneByte)(name, body);
}
