// The protocol: what a client sends, and what it is answered. RESP, version 2, of which a command is always an
// array of bulk strings: *2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n

/** The longest bulk string, and the most arguments of a command. */
export const BULK_MAX = 512 * 1024;
export const ARGUMENTS_MAX = 1024;
const HEADER_MAX = 32;
const CRLF = Buffer.from('\r\n');

/** The client does not speak the protocol: it gets an error, and is closed. */
export class ProtocolError extends Error {}

/** Makes commands of bytes that come in any pieces. */
export class Parser {
  #bytes = Buffer.alloc(0);
  #at = 0;
  // What is known of the command that is not whole yet.
  #missing = 0;
  #arguments: Buffer[] = [];
  #bulkLength: number | undefined;

  /** What has come. The memory is the caller's, and is used again: a copy is kept. */
  push(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), bytes]);
    this.#at = 0;
  }

  /**
   * The next command, its name first; undefined: it is not whole yet.
   *
   * @throws ProtocolError - no command can begin like this.
   */
  next(): Buffer[] | undefined {
    for (;;) {
      if (this.#missing === 0) {
        const count = this.#header('*', ARGUMENTS_MAX);
        if (count === undefined) return undefined;
        if (count === 0) continue;
        this.#missing = count;
        this.#arguments = [];
      }
      this.#bulkLength ??= this.#header('$', BULK_MAX);
      if (this.#bulkLength === undefined) return undefined;
      const argument = this.#take(this.#bulkLength);
      if (argument === undefined) return undefined;
      this.#arguments.push(argument);
      this.#bulkLength = undefined;
      if (--this.#missing === 0) return this.#arguments;
    }
  }

  /** A line such as *2 or $5. */
  #header(mark: string, max: number): number | undefined {
    const rest = this.#bytes.subarray(this.#at);
    if (rest.length > 0 && rest[0] !== mark.charCodeAt(0)) {
      throw new ProtocolError(`expected '${mark}'`);
    }
    const end = rest.indexOf(CRLF);
    if (end < 0) {
      if (rest.length > HEADER_MAX) throw new ProtocolError('too long a header');
      return undefined;
    }
    const text = rest.toString('latin1', 1, end);
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > max) throw new ProtocolError('invalid length');
    this.#at += end + CRLF.length;
    return value;
  }

  #take(length: number): Buffer | undefined {
    const end = this.#at + length;
    if (this.#bytes.length < end + CRLF.length) return undefined;
    if (!this.#bytes.subarray(end, end + CRLF.length).equals(CRLF)) {
      throw new ProtocolError('a bulk string does not end where it says');
    }
    const argument = this.#bytes.subarray(this.#at, end);
    this.#at = end + CRLF.length;
    return argument;
  }
}

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
