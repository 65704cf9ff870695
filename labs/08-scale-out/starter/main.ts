// The program around the pool; nothing is to be done here.
import { parseArgs } from 'node:util';
import { Pool } from './pool.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '7008' },
    threads: { type: 'string', default: '2' },
    'reuse-port': { type: 'boolean', default: false },
  },
});
const { host } = values;
const pool = new Pool({
  host,
  port: Number(values.port),
  threads: Number(values.threads),
  reusesPort: values['reuse-port'],
});
await pool.start();
console.log(`listening on ${host}:${pool.port}`);
// The process ends by itself, with 0, when nothing is left that it could wait for.
process.once('SIGTERM', () => pool.stop());
