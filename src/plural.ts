// Counts in texts: '1 descriptor', '2 descriptors'.

/** @param noun - the word for one; its plural has an s. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
