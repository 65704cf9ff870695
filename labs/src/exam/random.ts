// Numbers that look random and come again with the same seed: sizes, bytes and orders of a check.

/** Numbers from 0 (included) to 1; mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Printable text without line ends, which differs everywhere, so that lost and doubled bytes show. */
export function textFrom(random: () => number, length: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let text = '';
  while (text.length < length) text += letters[Math.floor(random() * letters.length)];
  return text;
}

/** Bytes of all values, which differ everywhere. */
export function bytesFrom(random: () => number, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (const at of words.keys()) words[at] = random() * 2 ** 32;
  return Buffer.from(words.buffer, 0, length);
}
