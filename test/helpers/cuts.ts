// Whether this run has every read and write of a stream cut to one byte (`npm run test:faults`,
// test/faults/one_byte.c). Then a byte costs as many system calls as a buffer does otherwise.

const FEWER = 200;

export const isCutToOneByte = process.env.EDGEWISE_TEST_CUT === '1';

/** So many bytes, or fewer when each takes system calls of its own. */
export function volume(bytes: number): number {
  return isCutToOneByte ? Math.ceil(bytes / FEWER) : bytes;
}
