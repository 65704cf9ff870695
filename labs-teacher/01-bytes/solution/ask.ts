// `node ask.ts HOST PORT`: sends its standard input to a server, and prints the answer.
import * as sys from 'edgewise/sys';
import { writeAll } from './bytes.ts';

const { AF_INET, SOCK_STREAM, SHUT_WR } = sys.constants;
const [host = '', port = ''] = process.argv.slice(2);
if (host === '' || port === '') {
  console.error('usage: ask HOST PORT');
  process.exit(2);
}

const STDIN = 0;
const STDOUT = 1;
const room = new Uint8Array(65_536);

const fd = sys.socket(AF_INET, SOCK_STREAM);
if (fd < 0) fail('socket', fd);
const failure = converse();
sys.close(fd);
if (failure !== undefined) fail(failure.call, failure.result);

function converse(): { call: string; result: number } | undefined {
  const connected = sys.connect(fd, { address: host, port: Number(port) });
  if (connected < 0) return { call: 'connect', result: connected };
  const sent = copy(STDIN, fd);
  if (sent < 0) return { call: 'send', result: sent };
  const ended = sys.shutdown(fd, SHUT_WR);
  if (ended < 0) return { call: 'shutdown', result: ended };
  const received = copy(fd, STDOUT);
  if (received < 0) return { call: 'receive', result: received };
  return undefined;
}

/** Copies to the end. @returns 0, or -errno. */
function copy(from: number, to: number): number {
  for (;;) {
    const count = sys.read(from, room);
    if (count <= 0) return count;
    const written = writeAll(to, room.subarray(0, count));
    if (written < 0) return written;
  }
}

function fail(call: string, result: number): never {
  console.error(`ask: ${call}: ${sys.errnoName(result)}`);
  process.exit(1);
}
