// What native code puts into an entry of an epoll set (native/core/epoll_events.h, poller.h), for the
// audit, which reads it back from the kernel.
import * as sys from '../sys/index.ts';
import { Interest, type Trigger } from './interest.ts';

const { EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP, EPOLLERR, EPOLLHUP } = sys.constants;
const { EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE } = sys.constants;

const SLOT_MASK = 0xff_ffff;
/** The waker, Node's loop and the wake timer have these and above. */
const OWN_SLOTS_FROM = 0xff_fffd;

/** The bits that the entry of a registration has. */
export function epollMaskOf(interest: Interest, trigger: Trigger, isExclusive: boolean): number {
  const isEdge = trigger === 'edge' || trigger === 'edge-oneshot';
  const isOneshot = trigger === 'oneshot' || trigger === 'edge-oneshot';
  let events = EPOLLERR | EPOLLHUP; // the kernel's
  if ((interest & Interest.Readable) !== 0) events |= EPOLLIN | EPOLLRDHUP;
  if ((interest & Interest.ReadClosed) !== 0) events |= EPOLLRDHUP;
  if ((interest & Interest.Writable) !== 0) events |= EPOLLOUT;
  if ((interest & Interest.Priority) !== 0) events |= EPOLLPRI;
  if (isEdge || (isExclusive && interest === 0)) events |= EPOLLET;
  if (isOneshot || (interest === 0 && !isExclusive)) events |= EPOLLONESHOT;
  return (isExclusive ? (events & ~EPOLLRDHUP) | EPOLLEXCLUSIVE : events) >>> 0;
}

/** Slot and generation in the data of an entry; undefined: it is one of the poller's own. */
export function placeInEntry([low, high]: readonly [low: number, high: number]) {
  const slot = low & SLOT_MASK;
  return slot >= OWN_SLOTS_FROM ? undefined : { slot, generation: high };
}
