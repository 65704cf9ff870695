// The table of contents of the package's main entry.
export type { DriverMode } from './driver.ts';
export {
  ClosedError,
  EdgewiseError,
  type EdgewiseErrorCode,
  ErrnoError,
  type ErrorContext,
} from './errors.ts';
export { type Backend, Interest, Readiness, readinessNames, type Trigger } from './interest.ts';
export type { AcceptStats, ExhaustionPolicy } from './net/acceptor.ts';
export { type ConnectOptions, connect, type Resolve } from './net/connect.ts';
export type { Connection, Writable } from './net/connection.ts';
export { bindDatagram } from './net/datagram.bind.ts';
export type { DatagramHandlers, DatagramOptions, DatagramStats } from './net/datagram.options.ts';
export type { DatagramSocket } from './net/datagram.ts';
export type { SentHandler } from './net/file-piece.ts';
export type { ConnectionStats } from './net/group.ts';
export type { ConnectionHandlers } from './net/handlers.ts';
export { type AdoptOptions, adoptListener, listen } from './net/listen.ts';
export type { Listener, ListenOptions } from './net/listener.ts';
export type { MulticastOptions } from './net/multicast.ts';
export { type ConnectionOptions, defaultReactor } from './net/settings.ts';
export type { KeepAlive, TcpOptions } from './net/tcp.ts';
export type {
  AttachOptions,
  ErrorHandler,
  ReactorOptions,
  ReactorStats,
  RegisterOptions,
} from './options.ts';
export {
  type AddOptions,
  Poller,
  type PollerCapabilities,
  type PollerOptions,
} from './poller.ts';
export { Reactor } from './reactor.ts';
export { ReadyEvents, type Token } from './records.ts';
export type { Handler, Registration } from './registration.ts';
export type { SignalHandler, SignalSubscription } from './signals.ts';
export type { Timer } from './timers/timer.ts';
export { type ReactorWaker, Waker } from './waker.ts';
