// connect/: outgoing connections.
export { type ConnectOptions, connect } from './connect.ts';
export type { Resolve } from './look-up.ts';
