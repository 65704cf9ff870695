// The table of contents of the room: what the rooms above use of it.
export { checkDrive, checkReactor } from './checks.ts';
export { defaultReactor } from './default.ts';
export type { DriverMode } from './driver.ts';
export type {
  AttachOptions,
  ErrorHandler,
  ReactorOptions,
  ReactorStats,
  RegisterOptions,
} from './options.ts';
export { Reactor } from './reactor.ts';
export type { Handler, Registration } from './registration.ts';
export { type SignalHandler, type SignalSubscription, signalNumber } from './signals.ts';
export type { Timer } from './timers/timer.ts';
export { type ReactorWaker, Waker } from './waker.ts';
