// A process with a pool: serves a client, closes the pool, and has nothing left that keeps it alive.
import { ReactorPool } from '../../../dist/multi/index.js';
import { connect } from '../../../dist/promises/index.js';

const module = new URL('./sub-echo.mjs', import.meta.url);
const pool = new ReactorPool({ size: 2, module, host: '127.0.0.1' });
await pool.start();
const connection = await connect({ host: '127.0.0.1', port: pool.port });
await connection.write('hello');
console.log(`${await connection.read()}`);
if (process.argv[2] === 'exit') process.exit(0); // with everything open
connection.destroy();
await pool.close();
console.log('closed');
