// The table of contents of `edgewise/promises`: the net layer for `await`.
export { type ConnectOptions, connect } from './connect.ts';
export type { Connection } from './connection.ts';
export {
  bind,
  type DatagramOptions,
  type DatagramSocket,
  type ReceivedDatagram,
} from './datagram.ts';
export { type DescriptorOptions, readable, writable } from './descriptor.ts';
export { type Listener, type ListenOptions, listen } from './listener.ts';
export { signal } from './signal.ts';
export { interval, sleep, type TimingOptions, timeout } from './timing.ts';
export type { WaitOptions } from './waiter.ts';
