// A pipe as a source: counts the lines and bytes of standard input, like wc(1). Not only sockets
// can be watched; regular files cannot, as they are always ready (`pipe < file` is EPERM).
import { ErrnoError, Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';

const STDIN = 0;
const NEWLINE = 10;
const reactor = new Reactor();
const bytes = new Uint8Array(65_536);
let [lineCount, byteCount] = [0, 0];

// Standard input stays blocking: O_NONBLOCK belongs to the open file description, which we share
// with the shell. With a level trigger that is fine as long as there is one read per event.
function onReady(_readiness: number, input: Registration): void {
  const count = sys.read(STDIN, bytes);
  if (count > 0) {
    byteCount += count;
    const text = bytes.subarray(0, count);
    for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) lineCount++;
    return;
  }
  if (count === sys.WOULD_BLOCK) return; // another process reads from this pipe too
  input.close(); // nothing is left to watch, and run() resolves
  if (count < 0) console.error(`read: ${sys.errnoName(count)}`);
  console.log(`${lineCount} lines, ${byteCount} bytes`);
}

try {
  reactor.register(STDIN, Interest.Readable, { onReady });
  await reactor.run();
} catch (error) {
  if (!(error instanceof ErrnoError) || error.code !== 'EPERM') throw error;
  console.error('a regular file is always ready: read it with node:fs, or try `cat file | …`');
  process.exitCode = 1;
}
