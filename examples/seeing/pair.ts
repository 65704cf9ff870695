// No example: two connected sockets, the server's and its client's, which the programs here share.
import * as sys from 'edgewise/sys';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;

/** What a server has of a client, and the client itself. */
export function pair(): [server: number, client: number] {
  const ends = new Int32Array(2);
  const result = sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
  if (result < 0) throw new Error(sys.errnoName(result));
  return [ends[0] as number, ends[1] as number];
}
