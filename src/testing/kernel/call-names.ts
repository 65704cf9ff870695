// Calls that a simulated machine has, by their names in `edgewise/sys`; and which of them move bytes.
import { kernelCalls } from '../../kernel-calls.ts';

/** Of memory that was pinned before, they are the same. */
const PINNED: Readonly<Record<string, string>> = {
  pinnedRecv: 'recv',
  pinnedSend: 'send',
  pinnedRead: 'read',
  pinnedWrite: 'write',
};

/** What goes to the real kernel whatever it is called with, or is none of `edgewise/sys`. */
const NOT_SIMULATED =
  /^(inotify_init1|pidfd_\w+|\w+Process|epoll_(create1|wait)|kqueue|kevent|steerByCpu|lookup|poller\..*|pinned.*|.*Sync)$/;

/** What `fail` takes. `epoll_ctl` is the one of a reactor: whatever registers or modifies. */
export const SIMULATED_CALLS: readonly string[] = kernelCalls
  .map(({ name }) => name)
  .filter((name) => !NOT_SIMULATED.test(name));

/** What `cut` takes. */
export const CUT_CALLS: readonly string[] = [
  'recv',
  'recvfrom',
  'recvmsg',
  'read',
  'readv',
  'send',
  'sendto',
  'sendmsg',
  'write',
  'writev',
  'sendfile',
  'splice',
];

/** The name of a function of the addon in `edgewise/sys`. */
export function sysNameOf(name: string): string {
  return PINNED[name] ?? name;
}
