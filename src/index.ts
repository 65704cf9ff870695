// The table of contents of the package's main entry.

export {
  ClosedError,
  EdgewiseError,
  type EdgewiseErrorCode,
  ErrnoError,
  type ErrorContext,
} from './errors.ts';
export type { CloseOptions } from './flow/close-options.ts';
export type { Writable } from './flow/write-queue.ts';
export { type ConnectOptions, connect } from './net/connect/connect.ts';
export type { Resolve } from './net/connect/look-up.ts';
export type { Connection } from './net/connection/connection.ts';
export type { SentHandler } from './net/connection/file-range.ts';
export type { AnyConnection, ConnectionStats } from './net/connection/group.ts';
export type { ConnectionHandlers } from './net/connection/handlers.ts';
export type { ConnectionOptions } from './net/connection/options.ts';
export type { ZeroCopyDone } from './net/connection/zero-copy.ts';
export { bindDatagram } from './net/datagram/bind.ts';
export type {
  DatagramHandlers,
  DatagramOptions,
  DatagramStats,
  SendOptions,
} from './net/datagram/options.ts';
export type { DatagramSocket } from './net/datagram/socket.ts';
export {
  type ActivationOptions,
  activationSockets,
  type InheritedSocket,
} from './net/inherit/activation.ts';
export { type AdoptDatagramOptions, adoptConnection, adoptDatagram } from './net/inherit/adopt.ts';
export {
  type HandOver,
  type HandOverHandlers,
  type HandOverOptions,
  type HandOverSocket,
  offerHandOver,
} from './net/inherit/hand-over.ts';
export { type TakeOver, type TakeOverOptions, takeOver } from './net/inherit/take-over.ts';
export type { AcceptStats, ExhaustionPolicy } from './net/listen/acceptor.ts';
export { type AdoptListenerOptions, adoptListener, listen } from './net/listen/listen.ts';
export type { Listener, ListenOptions } from './net/listen/listener.ts';
export { type Relay, type RelayHandlers, type RelayOptions, relay } from './net/relay/relay.ts';
export type { DescriptorKind } from './net/socket/inherited.ts';
export type { MulticastOptions } from './net/socket/multicast.ts';
export type { KeepAlive, TcpOptions } from './net/socket/tcp.ts';
export type { EndpointOptions } from './pipe/endpoint.ts';
export {
  type DescriptorReader,
  openReader,
  type ReaderHandlers,
  type ReaderOptions,
} from './pipe/reader.ts';
export {
  type DescriptorWriter,
  openWriter,
  type WriterHandlers,
  type WriterOptions,
} from './pipe/writer.ts';
export {
  type Backend,
  Interest,
  Readiness,
  readinessNames,
  type Trigger,
} from './poller/interest.ts';
export {
  type AddOptions,
  Poller,
  type PollerCapabilities,
  type PollerOptions,
} from './poller/poller.ts';
export { ReadyEvents, type Token } from './poller/records.ts';
export {
  type ExitHandler,
  type ExitWatch,
  type ProcessExit,
  type WatchExitOptions,
  watchExit,
} from './process/index.ts';
export { defaultReactor } from './reactor/default.ts';
export type { DriverMode } from './reactor/driver.ts';
export type {
  AttachOptions,
  ErrorHandler,
  ReactorOptions,
  ReactorStats,
  RegisterOptions,
} from './reactor/options.ts';
export { Reactor } from './reactor/reactor.ts';
export type { Handler, Registration } from './reactor/registration.ts';
export type { SignalHandler, SignalSubscription } from './reactor/signals.ts';
export type { Timer } from './reactor/timers/timer.ts';
export { type ReactorWaker, Waker } from './reactor/waker.ts';
