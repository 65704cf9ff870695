// Echo with await: a loop for the listener and a loop for each connection, which reads only when
// what it has written has room.
import { defaultReactor } from 'edgewise';
import { type Connection, listen, signal } from 'edgewise/promises';

async function echo(connection: Connection): Promise<void> {
  const bytes = new Uint8Array(16_384);
  try {
    for (;;) {
      const count = await connection.readInto(bytes);
      if (count === 0) break; // the client has sent its last
      await connection.write(bytes.subarray(0, count));
    }
    await connection.end();
  } catch {
    connection.destroy(); // the client has gone in the middle
  }
}

const listener = listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 7007) });
console.log(`listening on ${listener.address}`);
signal('SIGINT')
  .next()
  .then(() => defaultReactor().close()); // and with it the listener and all connections
for await (const connection of listener) echo(connection);
