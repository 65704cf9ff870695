// The table of contents of the room: what the rooms above use of it.
export { eventsOf, type TraceEvent } from './events.ts';
export { decodeTrace, encodeTrace, type TraceData, type TraceStream } from './file.ts';
export { KIND_NAMES, Kind, Outcome } from './kinds.ts';
export { BLOCK_LENGTH, type Block, type OpenRegistration } from './recorder.ts';
export {
  type CallDetail,
  callOf,
  Trace,
  type TraceLevel,
  type TraceOptions,
  writeTrace,
} from './trace.ts';
