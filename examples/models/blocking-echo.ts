// One connection of the models that block: read, write, until the client has sent its last. The
// thread that calls it does nothing else meanwhile.
import * as sys from 'edgewise/sys';

/** Echoes on a blocking descriptor to its end, and closes it. */
export function echoToTheEnd(fd: number): void {
  const bytes = new Uint8Array(65_536);
  let count = sys.recv(fd, bytes); // waits for the client
  while (count > 0 && sendAll(fd, bytes.subarray(0, count))) count = sys.recv(fd, bytes);
  sys.close(fd);
}

function sendAll(fd: number, message: Uint8Array): boolean {
  for (let sent = 0; sent < message.length; ) {
    const count = sys.send(fd, message.subarray(sent)); // waits for a client that does not read
    if (count < 0) return false;
    sent += count;
  }
  return true;
}
