// Stream connections: what listen, connect, relay, inherit and the rooms above use.

export { acceptConnection, Connection, createConnection } from './connection.ts';
export type { ConnectionDriver } from './driver.ts';
export { checkFileRange, FileRangeEntry, type SentHandler } from './file-range.ts';
export {
  type AnyConnection,
  ConnectionGroup,
  type ConnectionSettings,
  type ConnectionStats,
} from './group.ts';
export type { ConnectionHandlers } from './handlers.ts';
export { type ConnectionOptions, groupOf } from './options.ts';
export type { ConnectionSnapshot } from './snapshot.ts';
export type { ZeroCopyDone } from './zero-copy.ts';
