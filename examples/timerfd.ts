// A timerfd as a source: a clock of the kernel that counts on while we are busy, so that no tick is
// lost: a read says how many there were. Linux only. For all that is not about the kernel's clocks
// (CLOCK_REALTIME, alarms, another process's poll loop) the reactor's own timers are cheaper: timer.ts.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { check } from './listen.ts';

const { CLOCK_MONOTONIC, TFD_NONBLOCK } = sys.constants;
const PERIOD_MS = 10;
const BUSY_MS = 35;
const TICKS_MAX = 8n;

const reactor = new Reactor();
const value = new BigUint64Array(1);
let tickCount = 0n;
let isFirst = true;

const timer = check(sys.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), 'timerfd_create');
// The first one after 2.5 ms, then every 10 ms: fractions are honoured to the nanosecond.
check(sys.timerfd_settime(timer, 0, 2.5, PERIOD_MS), 'timerfd_settime');
reactor.register(timer, Interest.Readable, { onReady: onTick });

function onTick(_readiness: number, registration: Registration): void {
  if (sys.eventfd_read(timer, value) === sys.WOULD_BLOCK) return; // it was set anew meanwhile
  const count = value[0] ?? 0n;
  tickCount += count;
  console.log(count === 1n ? 'tick' : `${count} ticks at once: we were late`);
  if (isFirst) {
    isFirst = false;
    const end = performance.now() + BUSY_MS;
    while (performance.now() < end); // a handler that takes too long
  }
  if (tickCount < TICKS_MAX) return;
  registration.close();
  sys.close(timer);
  console.log(`${tickCount} ticks, none lost`);
}

await reactor.run();
