// A chat server, step 2: bytes become lines, wherever the network has cut them.
import { type Connection, listen } from 'edgewise';

const LINE_BYTES_MAX = 1024;
const CLOSE_MS = 5000;
const port = Number(process.argv[2] ?? 7000);

/** What belongs to one client: `connection.data`. */
interface Member {
  /** What has come of the next line. */
  unread: Buffer;
}

/** Says why, and closes: in order, so that the client gets what was written before. */
function dismiss(connection: Connection<Member>, why: string): void {
  connection.write(`* ${why}\n`);
  connection.close({ timeoutMs: CLOSE_MS });
}

function onLine(connection: Connection<Member>, line: string): void {
  console.log(`a line: ${JSON.stringify(line)}`);
  connection.write(`${line}\n`);
}

/** Calls `onLine` for each whole line, and keeps the rest until more comes. */
function onBytes(connection: Connection<Member>, bytes: Buffer): void {
  const member = connection.data;
  if (connection.isWriteEnded) return; // what a client says after its end is not kept
  member.unread = Buffer.concat([member.unread, bytes]); // a copy: `bytes` is overwritten
  for (;;) {
    const end = member.unread.indexOf('\n');
    if ((end < 0 ? member.unread.length : end) > LINE_BYTES_MAX) {
      dismiss(connection, `a line has at most ${LINE_BYTES_MAX} bytes`);
      return;
    }
    if (end < 0) return;
    const line = member.unread.toString('utf8', 0, end).replace(/\r$/, '');
    member.unread = member.unread.subarray(end + 1);
    onLine(connection, line);
  }
}

const listener = listen({
  host: '127.0.0.1',
  port,
  createData: (): Member => ({ unread: Buffer.alloc(0) }),
  handlers: {
    open(connection) {
      connection.write('* welcome\n');
    },
    data: onBytes,
  },
});
console.log(`listening on ${listener.address}`);
