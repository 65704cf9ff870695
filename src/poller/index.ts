// The table of contents of the room: what the rooms above use of it.
export type { BusyPoll } from './busy-poll.ts';
export {
  BACKENDS,
  type Backend,
  Interest,
  Readiness,
  readinessNames,
  readinessOf,
  TRIGGERS,
  type Trigger,
} from './interest.ts';
export { type AddOptions, Poller, type PollerCapabilities, type PollerOptions } from './poller.ts';
export {
  Head,
  RECORDS_AT,
  ReadyEvents,
  SIGNAL_NOTIFIED,
  SIGNALS_AT,
  type Token,
  WORDS_PER_RECORD,
} from './records.ts';
