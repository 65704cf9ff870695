// An eventfd as a source: a counter in the kernel that anybody with the descriptor can add to, a
// thread or another process too. However often it was written, it is one event and one read. With
// EFD_SEMAPHORE each read takes 1. Linux only; for wake-ups of a reactor see `createWaker`.
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { check } from './listen.ts';

const { EFD_NONBLOCK, EFD_SEMAPHORE } = sys.constants;
const ADDED_MAX = 6n;

const reactor = new Reactor();
const value = new BigUint64Array(1);
let taken = 0n;

const counter = check(sys.eventfd(0, EFD_NONBLOCK), 'eventfd');
const permits = check(sys.eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE), 'eventfd');

reactor.register(counter, Interest.Readable, { onReady: onCounted });
reactor.register(permits, Interest.Readable, { onReady: onPermit });

function onCounted(_readiness: number, registration: Registration): void {
  if (sys.eventfd_read(counter, value) === sys.WOULD_BLOCK) return; // another one was faster
  taken += value[0] ?? 0n;
  console.log(`counter: ${value[0]} in one read, ${taken} in all`);
  if (taken < ADDED_MAX) return;
  registration.close(); // before the descriptor, which it borrows
  sys.close(counter);
}

function onPermit(_readiness: number, registration: Registration): void {
  while (sys.eventfd_read(permits, value) === 0) console.log(`semaphore: took ${value[0]}`);
  console.log('semaphore: none left');
  registration.close();
  sys.close(permits);
}

// Two writes before the reactor waits, then one more from a timer.
for (const amount of [1, 2]) check(sys.eventfd_write(counter, amount), 'eventfd_write');
reactor.setTimeout(() => sys.eventfd_write(counter, 3), 10);

await reactor.run(); // until both are closed
