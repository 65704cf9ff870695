// A process that listens at the path that it is sent, at the time that it is sent, and says what came of it.
import { listen } from '../../dist/index.js';

let listener;
process.on('message', ({ path, atNs }) => {
  if (path === undefined) {
    listener?.close();
    process.send('closed');
    return;
  }
  while (process.hrtime.bigint() < BigInt(atNs)); // all at the same moment
  try {
    listener = listen({ path, handlers: {} });
    process.send('listens');
  } catch (error) {
    listener = undefined;
    process.send(error.code);
  }
});
process.send('is up');
