// The table of contents of `edgewise/stream`: connections as streams of Node and of the web.
export { type AnyConnection, toDuplex } from './stream/duplex.ts';
export { type AwaitedDuplex, fromDuplex } from './stream/from-duplex.ts';
export type { SocketDuplex } from './stream/socket.ts';
export { toWebStreams, type WebStreams } from './stream/web.ts';
