// `node ask.ts HOST PORT`: sends its standard input to a server, and prints the answer. Lab 1, tasks c and d.
import * as sys from 'edgewise/sys';
import { writeAll } from './bytes.ts';

const { AF_INET, SOCK_STREAM } = sys.constants;
const [host = '', port = ''] = process.argv.slice(2);
if (host === '' || port === '') {
  console.error('usage: ask HOST PORT');
  process.exit(2);
}

const STDIN = 0;
const room = new Uint8Array(65_536);

const fd = sys.socket(AF_INET, SOCK_STREAM);
sys.connect(fd, { address: host, port: Number(port) });

const asked = sys.read(STDIN, room);
writeAll(fd, room.subarray(0, Math.max(asked, 0)));

// Task c: the server answers when it has seen our end; and an answer is rarely one read long.
const count = sys.read(fd, room);
if (count > 0) console.log(Buffer.from(room.subarray(0, count)).toString());

// Task d: each of these calls can fail; and the descriptor is yours to close.
