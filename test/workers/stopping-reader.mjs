// A peer that reads all that it is sent, and can be stopped by a signal meanwhile: `node
// stopping-reader.mjs <port>`. Prints a line when it has read the first bytes, and at the end the
// count and the SHA-256 of all.
import { createHash } from 'node:crypto';
import { connect } from 'node:net';

const hash = createHash('sha256');
let count = 0;
const socket = connect(Number(process.argv[2]), '127.0.0.1');
socket.on('data', (bytes) => {
  if (count === 0) console.log('reading');
  count += bytes.length;
  hash.update(bytes);
});
socket.on('end', () => console.log(`${count} ${hash.digest('hex')}`));
