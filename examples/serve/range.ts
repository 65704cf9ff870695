// The range of a file that a client wants (RFC 9110, section 14.1.2). Several ranges are answered
// with the whole file, as the RFC allows: bodies of many parts are rarely worth their trouble.
import { Refusal } from './response.ts';

export interface Range {
  readonly start: number;
  /** The last byte, included. */
  readonly end: number;
}

/**
 * @returns undefined: no range, several, or what is none; the whole is meant.
 * @throws Refusal - 416: it begins behind the end.
 */
export function parseRange(text: string, size: number): Range | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(text) ?? [];
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  // Without a first one: the last so many bytes.
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start < size) return { start, end };
  throw new Refusal(416, { 'Content-Range': `bytes */${size}` });
}
