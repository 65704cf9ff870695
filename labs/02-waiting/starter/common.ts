// What the three servers of lab 2 have in common; nothing is to be done here. Each line of a client is answered
// by its number: the first by "1\n", the second by "2\n". How a server waits for its clients is its own.
import { parseArgs } from 'node:util';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const NEWLINE = 10;

/** Listens at `--host` and `--port`, and prints where. */
export function listen(kind: 'blocking' | 'non-blocking'): number {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '7002' },
    },
  });
  const { host, port } = values;
  const flags = kind === 'blocking' ? 0 : SOCK_NONBLOCK;
  const fd = must(sys.socket(AF_INET, SOCK_STREAM | flags));
  must(sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1));
  must(sys.bind(fd, { address: host, port: Number(port) }));
  must(sys.listen(fd));
  const name = new sys.SocketAddress();
  must(sys.getsockname(fd, name));
  console.log(`listening on ${host}:${name.port}`);
  return fd;
}

/** Counts the lines of one client. */
export class LineCounter {
  #count = 0;

  /** The answers to what has come: a number for each line that ends in it, '' for none. */
  answer(bytes: Uint8Array): string {
    let text = '';
    for (const byte of bytes) if (byte === NEWLINE) text += `${++this.#count}\n`;
    return text;
  }
}

/** @returns false: not all could be sent. On a non-blocking descriptor that is also a client that does not read. */
export function sendAll(fd: number, text: string): boolean {
  const bytes = Buffer.from(text);
  for (let sent = 0; sent < bytes.length; ) {
    const count = sys.send(fd, bytes, sent);
    if (count < 0) return false;
    sent += count;
  }
  return true;
}

function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
