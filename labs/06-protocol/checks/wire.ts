// Commands and answers as bytes, for the grader.
const CRLF = Buffer.from('\r\n');
const DOLLAR = 0x24;
const STAR = 0x2a;

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
/** Of what is the same, as much is shown before what is not. */
const BEFORE_BYTES = 10;

/** Bytes for a message: what is not printable is escaped, what is long is cut. */
export function shown(bytes: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, SHOWN_MAX));
  return bytes.length > SHOWN_MAX ? `${text}… (${bytes.length} bytes)` : text;
}

/** Of an answer that is not the expected one: its number from 0 on, and both, for a message. */
export interface Difference {
  readonly index: number;
  readonly got: string;
  readonly expected: string;
}

/** The first answer of `got` that is another one than in `expected`. */
export function firstDifference(got: Buffer, expected: Buffer): Difference {
  let at = 0;
  for (let index = 0; ; index++) {
    const wanted = firstAnswer(expected.subarray(at));
    const came = firstAnswer(got.subarray(at));
    if (!came.equals(wanted) || wanted.length === 0) return { index, ...shownBoth(came, wanted) };
    at += wanted.length;
  }
}

// Of long answers, what is around the first byte that differs.
function shownBoth(got: Buffer, wanted: Buffer): Pick<Difference, 'got' | 'expected'> {
  const same = [...wanted].findIndex((byte, at) => byte !== got[at]);
  const from = same < SHOWN_MAX / 2 ? 0 : same - BEFORE_BYTES;
  const part = (bytes: Buffer): string => (bytes.length > 0 ? shown(bytes) : 'nothing');
  const where = from > 0 ? `from byte ${from} on ` : '';
  return { got: `${where}${part(got.subarray(from))}`, expected: part(wanted.subarray(from)) };
}

function firstAnswer(bytes: Buffer): Buffer {
  return bytes.subarray(0, answerLength(bytes));
}

function answerLength(bytes: Buffer): number {
  const head = bytes.indexOf(CRLF) + CRLF.length;
  if (head < CRLF.length) return bytes.length; // half a line
  const count = Number(bytes.toString('latin1', 1, head - CRLF.length));
  let length = head;
  if (bytes[0] === DOLLAR && count >= 0) length += count + CRLF.length;
  if (bytes[0] === STAR) {
    for (let i = 0; i < count && length < bytes.length; i++) {
      length += answerLength(bytes.subarray(length));
    }
  }
  return length;
}
