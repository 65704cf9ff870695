// The table of contents of `edgewise/multi`: several reactors in one process, a thread each.
export type { FairnessReport, Imbalance, SubReactorFigures } from './multi/fairness.ts';
export {
  Mailbox,
  type MailboxAddress,
  type MailboxOptions,
  type MailboxStats,
} from './multi/mailbox.ts';
export {
  createOffload,
  type Offload,
  type OffloadCallback,
  type OffloadOptions,
  type OffloadStats,
  type OffloadTaskOptions,
} from './multi/offload.ts';
export type {
  BlockedHandler,
  PoolBalance,
  PoolStrategy,
  ReactorPoolOptions,
} from './multi/options.ts';
export { ReactorPool } from './multi/pool.ts';
export type {
  PoolConnectionOptions,
  SubReactorContext,
  SubReactorModule,
} from './multi/protocol.ts';
export { MailboxSender, type MailboxSenderOptions } from './multi/sender.ts';
