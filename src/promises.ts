// The table of contents of `edgewise/promises`: the net layer for `await`.
export { type ConnectOptions, connect } from './promises/connect.ts';
export type { Connection } from './promises/connection.ts';
export {
  bind,
  type DatagramOptions,
  type DatagramSocket,
  type ReceivedDatagram,
} from './promises/datagram.ts';
export { type DescriptorOptions, readable, writable } from './promises/descriptor.ts';
export { type Listener, type ListenOptions, listen } from './promises/listener.ts';
export { signal } from './promises/signal.ts';
export { interval, sleep, type TimingOptions, timeout } from './promises/timing.ts';
export type { MaybePromise, WaitOptions } from './promises/waiter.ts';
