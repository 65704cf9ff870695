// Timers of the reactor: an interval, and a watchdog that each tick pushes back. When no timer, no
// descriptor and no deferred function is left, run() resolves and the program ends by itself.
import { Reactor } from 'edgewise';

const TICK_MS = 20;
const SILENCE_MS = 50;
const TICKS_MAX = 5;

const reactor = new Reactor();
const startMs = performance.now();
let tickCount = 0;

function log(what: string): void {
  console.log(`${(performance.now() - startMs).toFixed(0).padStart(4)} ms  ${what}`);
}

const ticker = reactor.setInterval(() => {
  log(`tick ${++tickCount}`);
  watchdog.refresh(); // the cheap way to move a deadline: no new timer
  if (tickCount === TICKS_MAX) ticker.clear();
}, TICK_MS);

// Servers have one of these per connection; nearly all of them are cleared, not fired.
const watchdog = reactor.setTimeout(() => log(`no tick for ${SILENCE_MS} ms`), SILENCE_MS);

// Fractions count: deadlines are kept in nanoseconds, and never fire early.
reactor.setTimeout(() => log('a quarter of a millisecond is over'), 0.25);
reactor.defer(() => log('deferred: at the end of the first turn'));

await reactor.run();
log('nothing left to wait for');
