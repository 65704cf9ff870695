// Standard input as a source: numbers its lines, as nl(1) does, from a pipe, a terminal or a socket.
// It is borrowed: the shell and every other user of the same pipe would get O_NONBLOCK as well, also
// after this program; so the flags stay as they are, and one event is one read.
import { EdgewiseError, openReader, Reactor } from 'edgewise';

const STDIN = 0;
const NEWLINE = 10;
const reactor = new Reactor();
let lineCount = 0;
let rest = Buffer.alloc(0); // the line that has not ended yet

function print(line: Buffer): void {
  console.log(`${String(++lineCount).padStart(6)}  ${line}`);
}

try {
  openReader(STDIN, {
    reactor,
    borrow: true,
    handlers: {
      // `bytes` is a view that the next read overwrites: what is kept is copied, by `concat`.
      data(_reader, bytes) {
        let text = Buffer.concat([rest, bytes]);
        for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE)) {
          print(text.subarray(0, end));
          text = text.subarray(end + 1);
        }
        rest = text;
      },
      end() {
        if (rest.length > 0) print(rest); // the last line had no newline
      },
      close(_reader, error) {
        if (error !== undefined) console.error(String(error));
      },
    },
  });
} catch (error) {
  if (!(error instanceof EdgewiseError) || error.code !== 'ERR_NOT_POLLABLE') throw error;
  console.error('a regular file is always ready: read it with node:fs, or try `cat file | …`');
  process.exitCode = 1;
}
await reactor.run();
