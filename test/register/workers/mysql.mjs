// mysql2 with MariaDB: long rows, many rows as a stream, prepared statements, a pool, an error, and TLS.
import mysql from 'mysql2/promise';
import { HOST, LONG } from './help.mjs';

async function over(options) {
  const connection = await mysql.createConnection(options);
  await connection.query('create temporary table texts (id int primary key, text longtext)');
  await connection.execute('insert into texts values (?, ?), (?, ?)', [1, LONG, 2, 'short']);
  const [rows] = await connection.execute('select * from texts order by id');
  const failure = await connection.query('select nothing').catch((error) => error);
  const stream = connection.connection.query('select seq from seq_1_to_20000').stream();
  let sum = 0;
  for await (const { seq } of stream) sum += seq;
  const [[{ Value: cipher }]] = await connection.query("show status like 'Ssl_cipher'");
  await connection.end();
  return {
    texts: rows.map(({ text }) => (text === LONG ? 'LONG' : text)),
    failure: [failure.code, failure.errno],
    sum,
    isSecure: cipher !== '',
  };
}

export async function run(port) {
  const options = { host: HOST, port: Number(port), user: 'tester', password: 'secret' };
  const plain = await over({ ...options, database: 'test' });
  const ssl = { rejectUnauthorized: false };
  const secure = await over({ ...options, database: 'test', ssl });
  const pool = mysql.createPool({ ...options, connectionLimit: 4 });
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const [[row]] = await pool.query('select ? + 1 as next', [index]);
      return Number(row.next);
    }),
  );
  await pool.end();
  const refused = await mysql.createConnection({ ...options, password: 'x' }).catch((e) => e);
  const gone = await mysql.createConnection({ ...options, port: 1 }).catch((e) => e);
  return { plain, secure, answers, refused: refused.code, gone: [gone.code, gone.syscall] };
}
