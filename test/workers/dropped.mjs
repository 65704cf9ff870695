// Drops pollers and reactors without closing them: `node --expose-gc dropped.mjs` prints how many
// descriptors are open before, with, and after them.
import { readdirSync } from 'node:fs';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { Poller, Reactor } from './core.mjs';

const count = () => readdirSync('/proc/self/fd').length;
const counts = [count()];

(() => {
  const held = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? new Poller() : new Reactor()));
  for (const each of held) if (each instanceof Reactor) each.turn(0.01);
  counts.push(count());
})();
for (let pass = 0; pass < 20; pass++) {
  globalThis.gc();
  await nextLoopPass();
}
counts.push(count());
console.log(JSON.stringify(counts));
