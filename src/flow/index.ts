// What the rooms above share: pipes, connections, datagrams, promises and streams.

export { type CloseOptions, closeTimeoutMs } from './close-options.ts';
export { DeferredCalls } from './deferred-calls.ts';
export { checkIdleMs, IdleTimer, type IdleTimerOwner } from './idle-timer.ts';
export { Mark } from './mark.ts';
export { type DemandedConnection, ReadDemand } from './read-demand.ts';
export {
  copyMemory,
  type EncodableChunk,
  encodeShort,
  gatherShort,
  isReadMemory,
  READ_SIZE,
  readCopy,
  readMemory,
  readView,
  receive,
  send,
} from './read-memory.ts';
export {
  chunksOf,
  type QueueLimits,
  type QueueSettings,
  queueLimits,
  restOf,
  type Writable,
  WriteQueue,
  type WriteQueueEntry,
  type WriteTarget,
} from './write-queue.ts';
