// Ends by an exception with the first client.
import { createServer } from 'node:net';

const server = createServer(() => {
  throw new Error('no such client');
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
