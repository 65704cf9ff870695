// A process with a pool that does not keep it alive: `node pool-unref.mjs STRATEGY [ref]`. With `ref` the
// pool keeps it alive until a timer, which by itself does not, unreferences the pool again.
import { ReactorPool } from '../../../dist/multi/index.js';

const [, , strategy, again] = process.argv;
const module = 'data:text/javascript,export const handlers = {}';
const pool = new ReactorPool({ size: 2, module, strategy });
await pool.start();
pool.unref();
if (again === 'ref') {
  pool.ref();
  setTimeout(() => {
    console.log('alive');
    pool.unref();
  }, 50).unref();
}
process.once('exit', () => console.log(`exit ${pool.hasRef()}`));
