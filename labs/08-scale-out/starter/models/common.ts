// What the models that `measure.ts` compares have in common; nothing is to be done here. They speak the protocol
// of lines.ts. What a client does not take at once is waited for, which lab 3 does better, and these answers do not need.
import { parseArgs } from 'node:util';
import * as sys from 'edgewise/sys';
import { Lines } from '../lines.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
const room = new Uint8Array(4096);

/** Listens at `--host` and `--port`, and prints where. */
export function listen(kind: 'blocking' | 'non-blocking'): number {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '7008' },
    },
  });
  const { host, port } = values;
  const flags = kind === 'blocking' ? 0 : SOCK_NONBLOCK;
  const fd = must(sys.socket(AF_INET, SOCK_STREAM | flags));
  must(sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1));
  must(sys.bind(fd, { address: host, port: Number(port) }));
  must(sys.listen(fd, 511));
  const name = new sys.SocketAddress();
  must(sys.getsockname(fd, name));
  console.log(`listening on ${host}:${name.port}`);
  return fd;
}

/** One read, and the answers to it. @returns 'would block': nothing is there; 'ended': the client is to be closed. */
export function step(fd: number, lines: Lines): 'answered' | 'would block' | 'ended' {
  const count = sys.recv(fd, room);
  if (count === sys.WOULD_BLOCK) return 'would block';
  if (count <= 0) return 'ended';
  const answers = lines.answer(room.subarray(0, count));
  for (let sent = 0; sent < answers.length; ) {
    const result = sys.send(fd, answers, sent);
    if (result < 0 && result !== sys.WOULD_BLOCK) return 'ended';
    sent += Math.max(result, 0);
  }
  return lines.hasEnded ? 'ended' : 'answered';
}

/** Blocking: a client from its first line to its end. */
export function serveToTheEnd(fd: number): void {
  const lines = new Lines();
  while (step(fd, lines) === 'answered');
  sys.close(fd);
}

function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
