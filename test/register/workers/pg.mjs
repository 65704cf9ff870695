// pg with PostgreSQL: long rows, many of them, a pool, notifications, an error.
import { once } from 'node:events';
import pg from 'pg';
import { HOST, LONG } from './help.mjs';

export async function run(port) {
  const options = { host: HOST, port: Number(port), user: 'tester', database: 'postgres' };
  const client = new pg.Client(options);
  await client.connect();
  const { rows } = await client.query('select $1::text as text', [LONG]);
  const many = await client.query('select i from generate_series(1, 20000) as i');
  const failure = await client.query('select nothing').catch((error) => error.code);
  const notified = once(client, 'notification');
  await client.query('listen topic');
  await client.query("notify topic, 'extra'");
  const [{ payload }] = await notified;
  await client.end();
  const pool = new pg.Pool({ ...options, max: 4 });
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const answer = await pool.query('select $1::int + 1 as next', [index]);
      return answer.rows[0].next;
    }),
  );
  await pool.end();
  const gone = await new pg.Client({ ...options, port: 1 }).connect().catch((error) => error);
  return {
    isWhole: rows[0].text === LONG,
    count: many.rows.length,
    failure,
    payload,
    answers,
    gone: [gone.code, gone.syscall],
  };
}
