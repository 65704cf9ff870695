// `edgewise echo --reactors N`: the echo server of echo-handlers.ts on several threads. At its end it
// prints how the load was distributed over them.
import { type PoolStrategy, ReactorPool } from '../multi/index.ts';
import type { EchoOptions, EchoServer } from './echo-server.ts';
import { formatTable } from './measure/index.ts';

/** Options of the echo server on several threads. */
export interface PoolEchoOptions extends EchoOptions {
  readonly reactors: number;
  readonly strategy: PoolStrategy;
}

async function fairnessTable(pool: ReactorPool): Promise<string> {
  const { reactors, imbalance, total } = await pool.report();
  const rows = reactors.map((each) => [
    `${each.index}`,
    `${each.accepted}`,
    `${each.open}`,
    `${each.bytesRead + each.bytesWritten}`,
  ]);
  const bytes = total.bytesRead + total.bytesWritten;
  return formatTable([
    ['reactor', 'accepted', 'open', 'bytes'],
    ...rows,
    ['all', `${total.accepted}`, `${total.open}`, `${bytes}`],
    ['largest / mean', ...[imbalance.accepted, imbalance.open, imbalance.bytes].map(twoDigits)],
  ]);
}

function twoDigits(value: number): string {
  return value.toFixed(2);
}

/**
 * Starts an echo server on a pool of sub-reactors.
 *
 * @throws ErrnoError - EADDRINUSE, EADDRNOTAVAIL, EACCES: the address cannot be listened on.
 */
export async function startPoolEcho(options: PoolEchoOptions): Promise<EchoServer> {
  const { host, port, trigger, reactors, strategy } = options;
  const pool = new ReactorPool({
    size: reactors,
    strategy,
    host,
    port,
    connection: { trigger },
    module: new URL('./echo-sub.js', import.meta.url),
  });
  await pool.start();
  let close!: () => void;
  const done = new Promise<void>((resolve) => {
    close = resolve;
  }).then(async () => {
    process.stdout.write(`${await fairnessTable(pool)}\n`);
    await pool.close({ timeoutMs: 0 });
  });
  return { port: pool.port, done, close };
}
