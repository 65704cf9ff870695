// Descriptors for tests, made through edgewise/sys and closed after each test, and the rule that
// every test leaves the count of open descriptors as it found it.
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { constants as os } from 'node:os';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import * as sys from '../../src/sys/index.ts';

const { EINTR } = os.errno;
const { AF_INET, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = sys.constants;
const STREAM = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
/** A thread that ends takes as long as the machine lets it; a leak is reported after this. */
const ENDS_MS_MAX = 5000;

/** Two ends that are connected; of a pipe, `[reader, writer]`. */
export type Ends = readonly [number, number];

/** @returns result, when it is no error of the system; a test is not worth going on otherwise. */
export function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}

let countSimulated = (): number => 0;

/** Has descriptors that the system does not know of counted, too. */
export function countThese(count: () => number): void {
  countSimulated = count;
}

/** Count of descriptors that this process has open. */
export function countDescriptors(): number {
  const { length } = readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd');
  return length + countSimulated();
}

/** Each descriptor that this process has open, on Linux with what is behind the number. */
export function openDescriptors(): readonly string[] {
  const simulated = Array.from({ length: countSimulated() }, (_, index) => `simulated ${index}`);
  if (process.platform !== 'linux') return [...readdirSync('/dev/fd'), ...simulated];
  const real = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      return []; // that of the folder, which is closed again
    }
  });
  return [...real, ...simulated];
}

/** Those that were not open before; ends of earlier tests may close meanwhile. */
export function openedSince(before: readonly string[]): string[] {
  return openDescriptors().filter((name) => !before.includes(name));
}

interface Closable {
  close(): void;
}

/** Makes descriptors, and closes at the end of the test what the test has not closed. */
export class Descriptors {
  readonly #open = new Set<number>();
  readonly #files = new Set<number>();
  readonly #objects: Closable[] = [];

  /** Has `fd` closed after the test. */
  track(fd: number): number {
    this.#open.add(must(fd));
    return fd;
  }

  /** The same for what node:fs has opened, and wants to close itself: that of Deno notes what is open. */
  trackFile(fd: number): number {
    this.#files.add(fd);
    return fd;
  }

  /** Has a reactor, a poller or the like closed after the test, before the descriptors. */
  using<T extends Closable>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  /** Gives `fd` away: its new owner closes it. */
  release(fd: number): number {
    this.#open.delete(fd);
    return fd;
  }

  close(...fds: readonly number[]): void {
    for (const fd of fds) {
      this.#open.delete(fd);
      if (this.#files.delete(fd)) closeSync(fd);
      else must(sys.close(fd));
    }
  }

  socketpair(): Ends {
    const fds = new Int32Array(2);
    must(sys.socketpair(AF_UNIX, STREAM, 0, fds));
    return this.#both(fds);
  }

  pipe(): Ends {
    const fds = new Int32Array(2);
    must(sys.pipe2(fds, sys.constants.O_NONBLOCK | sys.constants.O_CLOEXEC));
    return this.#both(fds);
  }

  dup(fd: number): number {
    return this.track(sys.dup(fd));
  }

  /** A TCP listener on a free port of the loopback. */
  listener(): { fd: number; address: sys.InetAddress } {
    const fd = this.track(sys.socket(AF_INET, STREAM));
    must(sys.bind(fd, { address: '127.0.0.1' }));
    must(sys.listen(fd));
    return { fd, address: { address: '127.0.0.1', port: portOf(fd) } };
  }

  /** A connected TCP pair over the loopback. */
  tcpPair(): Ends {
    const listener = this.listener();
    const client = this.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC));
    must(sys.connect(client, listener.address)); // blocking: connected when it returns
    must(sys.fcntl(client, sys.constants.F_SETFL, sys.constants.O_NONBLOCK));
    let fd = -EINTR; // which scripts/test-faults.mjs injects
    while (fd === -EINTR) fd = sys.accept4(listener.fd, undefined, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const server = this.track(fd);
    this.close(listener.fd);
    return [server, client];
  }

  /** A UDP socket bound to a free port of the loopback. */
  udp(): { fd: number; address: sys.InetAddress } {
    const fd = this.track(sys.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC));
    must(sys.bind(fd, { address: '127.0.0.1' }));
    return { fd, address: { address: '127.0.0.1', port: portOf(fd) } };
  }

  closeAll(): void {
    for (const object of this.#objects.splice(0).reverse()) object.close();
    for (const fd of this.#open) sys.close(fd); // an error: the test closed it behind our back
    this.#open.clear();
    for (const fd of this.#files) closeSync(fd);
    this.#files.clear();
  }

  #both(fds: Int32Array): Ends {
    return [this.track(fds[0] as number), this.track(fds[1] as number)];
  }
}

export function portOf(fd: number): number {
  const name = new sys.SocketAddress();
  must(sys.getsockname(fd, name));
  return name.port as number;
}

/** Closes a TCP socket so that the peer gets an RST. */
export function reset(descriptors: Descriptors, fd: number): void {
  const { SOL_SOCKET, SO_LINGER } = sys.constants;
  must(sys.setsockopt(fd, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0)));
  descriptors.close(fd);
}

/** The pending error of a socket as `'ECONNREFUSED'`, or `'OK'`; reading it clears it. */
export function takeSocketError(fd: number): string {
  const error = new Int32Array(1);
  must(sys.getsockopt(fd, sys.constants.SOL_SOCKET, sys.constants.SO_ERROR, error));
  return sys.errnoName(-(error[0] as number));
}

/** What every test file calls once: cleans up after each test, and counts descriptors. */
export function useDescriptors(): Descriptors {
  const descriptors = new Descriptors();
  let before = 0;
  beforeEach(() => {
    before = countDescriptors();
  });
  afterEach(async () => {
    descriptors.closeAll();
    // Ends of threads and children are closed in passes of Node's loop; each pass is an event.
    const end = performance.now() + ENDS_MS_MAX;
    while (countDescriptors() > before && performance.now() < end) await nextLoopPass();
    expect(countDescriptors(), 'open descriptors after the test').toBe(before);
  });
  return descriptors;
}

/** Puts a regular file behind the number, which epoll refuses to watch. */
export function giveToFile(fd: number): void {
  sys.close(fd);
  const others: number[] = [];
  for (let opened = -1; opened !== fd; ) {
    opened = openSync(import.meta.filename, 'r'); // the lowest number that is free
    if (opened !== fd) others.push(opened);
  }
  for (const other of others) closeSync(other);
}
