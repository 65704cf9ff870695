// CRC-32C (Castagnoli, RFC 3720 appendix B.4), with which a header of the PROXY protocol may be
// guarded. Node's zlib has the other polynomial only. Headers are short, and few have one: a table of 256 entries will do.

const POLYNOMIAL_REVERSED = 0x82f63b78;
const ALL_ONES = 0xffffffff;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) {
    value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL_REVERSED : value >>> 1;
  }
  return value;
});

/** The checksum of bytes, 0 to 2^32 - 1. */
export function checksum(bytes: Uint8Array): number {
  let value = ALL_ONES;
  for (const byte of bytes) value = (value >>> 8) ^ (table[(value ^ byte) & 0xff] as number);
  return (value ^ ALL_ONES) >>> 0;
}
