// The table of contents of `edgewise/multi`: several reactors in one process, a thread each.
export {
  Mailbox,
  type MailboxAddress,
  type MailboxOptions,
  type MailboxStats,
} from './multi/mailbox.ts';
export { MailboxSender, type MailboxSenderOptions } from './multi/sender.ts';
