// The table of contents of `edgewise/multi`: several reactors in one process, a thread each.
export type { FairnessReport, Imbalance, SubReactorFigures } from './fairness.ts';
export {
  Mailbox,
  type MailboxAddress,
  type MailboxOptions,
  type MailboxStats,
} from './mailbox.ts';
export {
  createOffload,
  type Offload,
  type OffloadCallback,
  type OffloadOptions,
  type OffloadStats,
  type OffloadTaskOptions,
} from './offload.ts';
export type {
  BlockedHandler,
  PoolBalance,
  PoolStrategy,
  ReactorPoolOptions,
} from './options.ts';
export { ReactorPool } from './pool.ts';
export type {
  PoolConnectionOptions,
  SubReactorContext,
  SubReactorModule,
  SubReactorOptions,
} from './protocol.ts';
export { MailboxSender, type MailboxSenderOptions } from './sender.ts';
