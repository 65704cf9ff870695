// async/await: each connection reads like the blocking one, but at an `await` the thread goes on with
// others. What a thread's stack holds there is in a promise here.
import { type Connection, listen } from 'edgewise/promises';
import { host, port } from './flags.ts';

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

const listener = listen({ host, port });
console.log(`listening on ${listener.address}`);
for await (const connection of listener) echo(connection);
