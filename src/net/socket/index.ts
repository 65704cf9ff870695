// socket/: the ground of the net room. What can be done with a socket, whatever it is used for.
export { addressOfHost, errorContextOf, familyOf } from './address.ts';
export { connectResult } from './connected.ts';
export { takePendingError } from './error.ts';
export { type DescriptorKind, isUnixSocket, kindOf, prepare } from './inherited.ts';
export { type MulticastOptions, setMembership, setMulticastOptions } from './multicast.ts';
export { isUnixPlace, openAt, openSocket, type Place } from './open.ts';
export type { ProxyAddress, ProxyHeader, ProxyProtocol, ProxyTlv } from './proxy-header.ts';
export {
  applyPlan,
  forConnections,
  type KeepAlive,
  lintTcp,
  planTcpOptions,
  type TcpOptions,
  type TcpPlan,
} from './tcp.ts';
