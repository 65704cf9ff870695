// The table of contents of the room: connections, listeners, datagrams, relays, and sockets that were
// inherited. The rooms above use it, and the package's main entry shows the most of it.
export { type ConnectOptions, connect, type Resolve } from './connect/index.ts';
export {
  type AnyConnection,
  acceptConnection,
  Connection,
  type ConnectionDriver,
  ConnectionGroup,
  type ConnectionHandlers,
  type ConnectionOptions,
  type ConnectionSettings,
  type ConnectionSnapshot,
  type ConnectionStats,
  checkFileRange,
  createConnection,
  FileRangeEntry,
  groupOf,
  type SentHandler,
  type ZeroCopyDone,
} from './connection/index.ts';
export {
  bindDatagram,
  type DatagramHandlers,
  type DatagramOptions,
  type DatagramSocket,
  type DatagramStats,
  type SendOptions,
} from './datagram/index.ts';
export {
  type ActivationOptions,
  type AdoptDatagramOptions,
  acceptedConnection,
  activationSockets,
  adoptConnection,
  adoptDatagram,
  establishedConnection,
  type HandOver,
  type HandOverHandlers,
  type HandOverOptions,
  type HandOverSocket,
  type InheritedSocket,
  offerHandOver,
  type TakeOver,
  type TakeOverOptions,
  takeOver,
} from './inherit/index.ts';
export {
  Acceptor,
  type AcceptStats,
  type AdoptListenerOptions,
  adoptListener,
  type ExhaustionPolicy,
  type Listener,
  type ListenOptions,
  listen,
  ON_CLOSED,
  openByOptions,
} from './listen/index.ts';
export {
  type Relay,
  type RelayHandlers,
  type RelayOptions,
  relay,
  setPipesAside,
} from './relay/index.ts';
export {
  applyPlan,
  connectResult,
  type DescriptorKind,
  errorContextOf,
  forConnections,
  type KeepAlive,
  type MulticastOptions,
  planTcpOptions,
  type TcpOptions,
  type TcpPlan,
  takePendingError,
} from './socket/index.ts';
