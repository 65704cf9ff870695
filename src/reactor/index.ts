// The table of contents of the room: what the rooms above use of it.
export { checkDrive, checkReactor } from './checks.ts';
export { defaultReactor, setDefaultReactorAside } from './default.ts';
export type { DriverMode } from './driver.ts';
export type { EdgeHandler, UnsettledPolicy } from './edge/delivery.ts';
export type { Edge } from './edge/edge.ts';
export {
  type Accepted,
  type AcceptResult,
  type Bytes,
  type Ended,
  type Failed,
  isAccepted,
  isBytes,
  type ReadResult,
  type Settled,
  type WouldBlock,
  type WriteResult,
} from './edge/results.ts';
export type { LintCode } from './lint/codes.ts';
export { LintError, type LintFinding, type LintOptions } from './lint/options.ts';
export type {
  AttachOptions,
  EdgeOptions,
  ErrorHandler,
  ReactorOptions,
  ReactorStats,
  RegisterOptions,
} from './options.ts';
export { Reactor } from './reactor.ts';
export type { Handler, Registration } from './registration.ts';
export { type SignalHandler, type SignalSubscription, signalNumber } from './signals.ts';
export { startTracesBy, takeEnvironmentFile } from './start-trace.ts';
export type { Timer } from './timers/timer.ts';
export { type ReactorWaker, Waker } from './waker.ts';
