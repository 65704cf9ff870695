// The table of contents of the room: what the rooms above use of it.
export type { BusyPoll } from './busy-poll.ts';
export {
  type Backend,
  Interest,
  Readiness,
  readinessNames,
  readinessOf,
  type Trigger,
} from './interest.ts';
export { type AddOptions, Poller, type PollerCapabilities, type PollerOptions } from './poller.ts';
export { ReadyEvents, type Token } from './records.ts';
