// The table of contents of the room: what the rooms above use of it.

export { BLOCK_LENGTH, type Block, type OpenRegistration } from './block.ts';
export type { Counts, RegistrationCounts, StreamCounts, TraceData, TraceStream } from './data.ts';
export { eventsOf, type TraceEvent } from './events.ts';
export { decodeTrace, encodeTrace } from './file.ts';
export {
  type CallDetail,
  callOf,
  KIND_NAMES,
  Kind,
  Outcome,
  Role,
  WaitReason,
} from './kinds.ts';
export {
  type SnapshotOptions,
  Trace,
  type TraceLevel,
  type TraceOptions,
  writeTrace,
} from './trace.ts';
