// The names of what is reported and asked for, by bit; one table for messages, traces and their viewer. A
// leaf that runs in a browser as well.

/** Of bit 0 to 5 of a Readiness; the first four are those of an Interest. */
export const READINESS_NAMES: readonly string[] = [
  'Readable',
  'Writable',
  'Priority',
  'ReadClosed',
  'WriteClosed',
  'Error',
];

/** The names of the bits that are set, such as `'Readable|Error'`; `'None'` for 0. */
export function namesOfBits(bits: number): string {
  const names = READINESS_NAMES.filter((_, bit) => (bits & (1 << bit)) !== 0);
  return names.length === 0 ? 'None' : names.join('|');
}
