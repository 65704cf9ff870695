// What the models have in common, so that each shows only what it differs in: the listener, and what
// is done with one connection. How they wait is theirs.
import * as sys from 'edgewise/sys';
import { host, port } from './flags.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;

/** Listens at `--host` and `--port`, and prints where. Accept from a non-blocking one never waits. */
export function listen(kind: 'blocking' | 'non-blocking'): number {
  const flags = kind === 'blocking' ? 0 : SOCK_NONBLOCK;
  const fd = must(sys.socket(AF_INET, SOCK_STREAM | flags), 'socket');
  must(sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1), 'setsockopt');
  must(sys.bind(fd, { address: host, port }), `bind ${host}:${port}`);
  must(sys.listen(fd), `listen ${host}:${port}`);
  const name = new sys.SocketAddress();
  must(sys.getsockname(fd, name), 'getsockname');
  console.log(`listening on ${name}`);
  return fd;
}

/** Passes the result of a call on, and throws what was an error; for the start, not for clients. */
export function must(result: number, syscall: string): number {
  if (result >= 0) return result;
  throw Object.assign(new Error(`${syscall}: ${sys.errnoName(result)}`), { syscall });
}

const bytes = Buffer.alloc(65_536);
const unsent = new Map<number, Buffer>(); // what a client has yet to take, by descriptor

/**
 * One read and one write on a non-blocking descriptor, or the rest of a write.
 *
 * @returns 'again': all went well. 'readable', 'writable': it would have to wait for that. 'closed':
 *   the client has sent its last or has gone; the descriptor is the caller's to close.
 */
export function step(fd: number): 'again' | 'readable' | 'writable' | 'closed' {
  let rest = unsent.get(fd);
  if (rest === undefined) {
    const count = sys.recv(fd, bytes);
    if (count === sys.WOULD_BLOCK) return 'readable';
    if (count <= 0) return 'closed';
    rest = bytes.subarray(0, count);
  }
  const sent = sys.send(fd, rest);
  unsent.delete(fd);
  if (sent === rest.length) return 'again';
  if (sent < 0 && sent !== sys.WOULD_BLOCK) return 'closed';
  unsent.set(fd, Buffer.from(rest.subarray(Math.max(sent, 0)))); // read no more until it is taken
  return 'writable';
}
