// Blocking: each call waits until it has something. Lab 2, task a.
import * as sys from 'edgewise/sys';
import { LineCounter, listen, sendAll } from './common.ts';

const room = new Uint8Array(65_536);
const listener = listen('blocking');

for (;;) {
  const fd = sys.accept(listener); // waits for a client
  if (fd >= 0) serve(fd);
}

/** Serves a client to its end. */
function serve(fd: number): void {
  const counter = new LineCounter();
  const count = sys.recv(fd, room); // waits for the client
  // Task a: this answers what one read has brought. Go on to the client's end, or its error.
  if (count > 0) sendAll(fd, counter.answer(room.subarray(0, count)));
  sys.close(fd);
}
