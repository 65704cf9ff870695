// poll(2) over simulated descriptors: it looks at what is there now, as the kernel does, and lets time pass until
// one is ready. Of a number of the real kernel it knows nothing (POLLNVAL).
import { constants as names } from '../../sys/constants.ts';
import type { Machine } from './machine.ts';
import { Poll } from './open-file.ts';

const { POLLIN, POLLRDNORM, POLLOUT, POLLWRNORM, POLLPRI, POLLERR, POLLHUP, POLLNVAL } = names;
// Linux and FreeBSD have it.
const POLLRDHUP = names.POLLRDHUP ?? 0;
const NS_PER_MS = 1e6;
const SHORTS_PER_ENTRY = 4;

/** The calls. */
export class Waits {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** poll(2) and ppoll(2). @param entries - `struct pollfd`, filled. */
  poll(entries: Uint8Array, count: number, timeoutMs: number): number {
    const fds = new Int32Array(entries.buffer, entries.byteOffset, count * 2);
    const events = new Uint16Array(entries.buffer, entries.byteOffset, count * SHORTS_PER_ENTRY);
    const look = (): number => {
      let ready = 0;
      for (let i = 0; i < count; i++) {
        const asked = events[i * SHORTS_PER_ENTRY + 2] ?? 0;
        const found = this.#found(fds[i * 2] ?? -1, asked);
        events[i * SHORTS_PER_ENTRY + 3] = found;
        if (found !== 0) ready++;
      }
      return ready;
    };
    this.#wait(() => look() > 0, timeoutMs);
    return look();
  }

  /** select(2) and pselect(2) of no descriptor: no simulated number is below FD_SETSIZE. */
  sleep(timeoutMs: number): number {
    this.#wait(() => false, timeoutMs);
    return 0;
  }

  #wait(isDone: () => boolean, timeoutMs: number): void {
    const { nowNs } = this.#machine.clock;
    const limitNs = timeoutMs < 0 ? Number.POSITIVE_INFINITY : nowNs + timeoutMs * NS_PER_MS;
    this.#machine.waitUntil(isDone, limitNs);
  }

  #found(fd: number, asked: number): number {
    if (fd < 0) return 0;
    const file = this.#machine.table.fileOf(fd);
    if (file === undefined) return POLLNVAL;
    const now = file.poll();
    let found = 0;
    if ((now & Poll.In) !== 0) found |= asked & (POLLIN | POLLRDNORM);
    if ((now & Poll.Out) !== 0) found |= asked & (POLLOUT | POLLWRNORM);
    if ((now & Poll.Priority) !== 0) found |= asked & POLLPRI;
    if ((now & Poll.ReadHangUp) !== 0) found |= asked & POLLRDHUP;
    if ((now & Poll.Error) !== 0) found |= POLLERR;
    if ((now & Poll.HangUp) !== 0) found |= POLLHUP;
    return found;
  }
}
