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
export {
  type ActivationOptions,
  activationSockets,
  type InheritedSocket,
} from './net/activation.ts';
export { type AdoptDatagramOptions, adoptConnection, adoptDatagram } from './net/adopt.ts';
export { type ConnectOptions, connect, type Resolve } from './net/connect.ts';
export type { Connection } from './net/connection.ts';
export { bindDatagram } from './net/datagram.bind.ts';
export type {
  DatagramHandlers,
  DatagramOptions,
  DatagramStats,
  SendOptions,
} from './net/datagram.options.ts';
export type { DatagramSocket } from './net/datagram.ts';
export type { EndpointOptions } from './net/endpoint.ts';
export {
  type ExitHandler,
  type ExitWatch,
  type ProcessExit,
  type WatchExitOptions,
  watchExit,
} from './net/exit.ts';
export type { SentHandler } from './net/file-piece.ts';
export type { AnyConnection, ConnectionStats } from './net/group.ts';
export type { ConnectionHandlers } from './net/handlers.ts';
export {
  type HandOver,
  type HandOverHandlers,
  type HandOverOptions,
  type HandOverSocket,
  offerHandOver,
} from './net/handover.ts';
export type { DescriptorKind } from './net/inherited.ts';
export { type AdoptOptions, adoptListener, listen } from './net/listen.ts';
export type { Listener, ListenOptions } from './net/listener.ts';
export type { MulticastOptions } from './net/multicast.ts';
export type { Writable } from './net/outgoing.ts';
export {
  type DescriptorReader,
  openReader,
  type ReaderHandlers,
  type ReaderOptions,
} from './net/reader.ts';
export { type Relay, type RelayHandlers, type RelayOptions, relay } from './net/relay.ts';
export { type ConnectionOptions, defaultReactor } from './net/settings.ts';
export { type TakeOver, type TakeOverOptions, takeOver } from './net/takeover.ts';
export type { KeepAlive, TcpOptions } from './net/tcp.ts';
export {
  type DescriptorWriter,
  openWriter,
  type WriterHandlers,
  type WriterOptions,
} from './net/writer.ts';
export type { ZeroCopyDone } from './net/zero-copy.ts';
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
