// Work out of the loop: the line `fib 35` is computed by a pool of threads, and all other lines are
// echoed meanwhile. It needs tinypool: npm install tinypool.
import { isMainThread } from 'node:worker_threads';
import { type Connection, type ConnectionHandlers, defaultReactor, listen } from 'edgewise';
import { createOffload, type Offload, type OffloadCallback } from 'edgewise/multi';

const LINE_LENGTH_MAX = 1024;

class Session {
  rest = ''; // of a line that has not come to its end
  unsettled = 1; // answers that are to come, and the end of what the client sends
  readonly gone = new AbortController();
}
type Client = Connection & { data: Session };

/** What the threads do: each of them loads this file, and calls this. */
export function task(n: number): number {
  return n < 2 ? n : task(n - 1) + task(n - 2);
}

function answer(client: Client, line: string, offload: Offload) {
  const n = /^fib (\d\d?)$/.exec(line)?.[1];
  if (n === undefined) return say(client, line);
  if (!offload.hasRoom) return say(client, 'busy, try again');
  const onResult: OffloadCallback = (error, result) => {
    say(client, error === undefined ? `fib ${n} = ${result}` : error.message);
    settle(client);
  };
  client.data.unsettled++;
  offload.run(Number(n), { connection: client, signal: client.data.gone.signal }, onResult);
}

function say(client: Client, line: string): void {
  if (!client.write(Buffer.from(`${line}\n`, 'latin1'))) client.pause();
}

function settle(client: Client): void {
  if (--client.data.unsettled === 0) client.end();
}

if (isMainThread) {
  const reactor = defaultReactor();
  const offload = await createOffload({ reactor, module: import.meta.url });
  const handlers: ConnectionHandlers = {
    open: (client) => Object.assign(client, { data: new Session() }),
    data(client: Client, bytes) {
      const lines = (client.data.rest + bytes.toString('latin1')).split('\n');
      client.data.rest = lines.pop() ?? '';
      for (const line of lines) answer(client, line, offload);
      if (client.data.rest.length > LINE_LENGTH_MAX) client.destroy();
    },
    drain: (client) => client.resume(),
    end: settle, // answers may still be on their way
    close: (client: Client) => client.data.gone.abort(), // not needed now: a thread that runs one ends
  };
  const port = Number(process.argv[2] ?? 7007);
  const listener = listen({ host: '127.0.0.1', port, allowHalfOpen: true, handlers });
  for (const name of ['SIGINT', 'SIGTERM'] as const) reactor.onSignal(name, () => reactor.close());
  console.log(`listening on ${listener.address}`);
}
