// Several reactors, a thread each. The main one accepts and hands connections out; from there on a
// connection is one thread's, and no lock is needed. This file is also what each thread loads.
import { isMainThread } from 'node:worker_threads';
import { ReactorPool } from 'edgewise/multi';
import { host, port, threads } from './flags.ts';

interface Connection {
  write(bytes: Uint8Array): unknown;
}

export const handlers = {
  data(connection: Connection, bytes: Uint8Array): void {
    connection.write(bytes); // what is not taken at once is kept, and reading rests meanwhile
  },
};

if (isMainThread) {
  const pool = new ReactorPool({ size: threads, module: new URL(import.meta.url), host, port });
  await pool.start();
  console.log(`listening on ${host}:${pool.port}`);
}
