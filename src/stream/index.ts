// The table of contents of `edgewise/stream`: connections as streams of Node and of the web.
export { type AnyConnection, toDuplex } from './duplex.ts';
export { type AwaitedDuplex, fromDuplex } from './from-duplex.ts';
export { type ServeHttpOptions, serveHttp } from './serve-http.ts';
export type { SocketDuplex } from './socket.ts';
export { toWebStreams, type WebStreams } from './web.ts';
