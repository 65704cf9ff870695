// Calls of the kernel that fail at a test's word: one function of native code answers -errno in place
// of making its call. Faults are in this process, so nothing of the system has to be provoked.
import { constants as os } from 'node:os';
import { onTestFinished } from 'vitest';
import { installKernel } from '../../src/kernel.ts';

type NativeFunction = (this: unknown, ...args: unknown[]) => number;
type Functions = Record<string, NativeFunction>;

/** The functions of native code that make each call: of `native`, or of its pollers. */
const CALLS = {
  'epoll_ctl ADD': ['poller.add'],
  'epoll_ctl MOD': ['poller.modify'],
  'epoll_ctl DEL': ['poller.remove', 'poller.removeAndClose'],
  epoll_wait: ['poller.wait'],
  epoll_create1: ['poller.rebuild'],
  socket: ['socket'],
  bind: ['bind'],
  listen: ['listen'],
  connect: ['connect'],
  accept: ['accept4'],
  getsockname: ['getsockname'],
  getpeername: ['getpeername'],
  getsockopt: ['getsockopt'],
  setsockopt: ['setsockopt'],
  fcntl: ['fcntl'],
  shutdown: ['shutdown'],
  recv: ['recv', 'recvfrom', 'recvmsg', 'recvmmsg', 'pinnedRecv'],
  send: ['send', 'sendto', 'sendmsg', 'sendmmsg', 'writev', 'pinnedSend', 'sendSegments'],
  read: ['read', 'pinnedRead'],
  write: ['write', 'writev', 'pinnedWrite'],
  splice: ['splice'],
  pipe2: ['pipe2'],
  sendfile: ['sendfile'],
  close: ['close', 'poller.removeAndClose'],
} as const satisfies Record<string, readonly string[]>;

/** A call of the kernel. */
export type KernelCall = keyof typeof CALLS;

/** A call that fails until it was answered for so often as it is to fail. */
export interface Fault {
  /** How often it has failed. */
  readonly count: number;
  /** Calls so far, those that came through included. */
  readonly seen: number;
  /** Ends it; the end of the test does so as well. */
  end(): void;
}

/** What a fault can be given. */
export interface FaultOptions {
  /** How often it fails; default 1. */
  readonly times?: number;
  /** So many calls come through before. Default 0. */
  readonly after?: number;
  /** Whether a call with these arguments is meant. Default: every one. */
  readonly fits?: (...args: readonly unknown[]) => boolean;
}

/** Has a call of the kernel fail: of every layer and thread-wide, but not in other threads. */
export function inject(call: KernelCall, code: string, options: FaultOptions = {}): Fault {
  const { times = 1, fits = () => true } = options;
  const errno = os.errno[code as keyof typeof os.errno];
  let after = options.after ?? 0;
  let count = 0;
  let seen = 0;
  const end = installKernel((below) => {
    const part: Functions = {};
    const poller: Functions = {};
    for (const name of CALLS[call]) {
      const method = name.startsWith('poller.') ? name.slice('poller.'.length) : undefined;
      const [functions, from] = method === undefined ? [part, below] : [poller, below.poller];
      const key = method ?? name;
      functions[key] = function (...args) {
        const original = (from as unknown as Functions)[key] as NativeFunction;
        if (!fits(...args)) return original.apply(this, args);
        seen++;
        if (count === times || after-- > 0) return original.apply(this, args);
        count++;
        // It closes what it could not remove, and answers as close(2) does.
        if (key === 'removeAndClose' && call !== 'close') return below.close(args[0] as number);
        // close(2) frees the number whatever it answers.
        if (call === 'close') original.apply(this, args);
        return -errno;
      };
    }
    return { ...part, poller };
  });
  onTestFinished(end);
  return {
    get count() {
      return count;
    },
    get seen() {
      return seen;
    },
    end,
  };
}
