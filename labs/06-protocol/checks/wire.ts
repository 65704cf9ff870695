// Commands and answers as bytes, for the grader.
const CRLF = Buffer.from('\r\n');

/** A command, or a part of one. */
export type Word = string | Uint8Array;

/** $5, then the bytes. */
export function bulk(word: Word): Buffer {
  const bytes = Buffer.from(word);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF]);
}

/** A command: an array of bulk strings. */
export function command(...words: readonly Word[]): Buffer {
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...words.map(bulk)]);
}

/** What a subscriber is sent. */
export function push(channel: Word, message: Word): Buffer {
  return command('message', channel, message);
}

/** What SUBSCRIBE is answered. */
export function subscribed(channel: Word, count: number): Buffer {
  const head = Buffer.concat([Buffer.from('*3\r\n'), bulk('subscribe'), bulk(channel)]);
  return Buffer.concat([head, Buffer.from(`:${count}\r\n`)]);
}

export const NIL = '$-1\r\n';
export const OK = '+OK\r\n';

const SHOWN_MAX = 60;

/** Bytes for a message: what is not printable is escaped, what is long is cut. */
export function shown(bytes: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, SHOWN_MAX));
  return bytes.length > SHOWN_MAX ? `${text}… (${bytes.length} bytes)` : text;
}
