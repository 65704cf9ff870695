// What calls come to, in the words in which reactor, system and model are compared.
import { Interest } from '../../src/poller/interest.ts';
import * as sys from '../../src/sys/index.ts';
import type { SimResult } from './sim-kernel.ts';

/** A result with the name of its error in place of the number. */
export function nameOf(result: number): SimResult {
  return result < 0 ? sys.errnoName(result) : result;
}

/** The code of what a call throws; undefined: it returns. */
export function codeOf(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string') return code;
    throw error;
  }
}

/** SO_SNDBUF of the streams that scripts open. */
export function sendBufferBytes(): number {
  const { AF_UNIX, SOCK_STREAM, SOL_SOCKET, SO_SNDBUF } = sys.constants;
  const fds = new Int32Array(2);
  sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  const value = new Int32Array(1);
  sys.getsockopt(fds[0] as number, SOL_SOCKET, SO_SNDBUF, value);
  for (const fd of fds) sys.close(fd);
  return value[0] as number;
}

/** Mostly reading and writing, now and then priority or nothing. */
export function interestOf(value: number): number {
  return value < 8 ? value : value & 3 || Interest.Readable;
}
