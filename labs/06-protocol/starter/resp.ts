// The protocol: what a client sends, and what it is answered. RESP, version 2, of which a command is always an
// array of bulk strings: *2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n

/** The longest bulk string, and the most arguments of a command. */
export const BULK_MAX = 512 * 1024;
export const ARGUMENTS_MAX = 1024;

/** The client does not speak the protocol: it gets an error, and is closed. */
export class ProtocolError extends Error {}

/** Makes commands of bytes that come in any pieces. */
export class Parser {
  /** What has come. The memory is the caller's, and is used again: keep a copy. */
  push(_bytes: Uint8Array): void {
    // Task a: keep what is not a whole command yet.
  }

  /**
   * The next command, its name first; undefined: it is not whole yet.
   *
   * @throws ProtocolError - no command can begin like this.
   */
  next(): Buffer[] | undefined {
    return undefined; // Task a
  }
}

const CRLF = Buffer.from('\r\n');

/** +OK */
export const simple = (text: string): Buffer => Buffer.from(`+${text}\r\n`);

/** -ERR and why; the text is one line. */
export const failure = (text: string): Buffer => Buffer.from(`-ERR ${text}\r\n`);

/** :2 */
export const integer = (value: number): Buffer => Buffer.from(`:${value}\r\n`);

/** $5, then the bytes; $-1 for what is not there. */
export function bulk(bytes: Uint8Array | undefined): Buffer {
  if (bytes === undefined) return Buffer.from('$-1\r\n');
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF]);
}

/** *3, then each of the answers that it is made of. */
export function array(...items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
}
