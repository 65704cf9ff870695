// The pipes that a relay moves bytes through, a pool per thread. A pipe is taken when there are
// bytes to move and goes back as soon as they have left, so what is open at once is what is stuck
// on the way, not what is connected.
//
// A pipe counts slots, not bytes: spliced pages of a socket take one slot each, however few bytes
// they hold. pipe(7), F_SETPIPE_SZ: beyond /proc/sys/fs/pipe-user-pages-soft a user without
// privileges gets small pipes, which work as well.
import * as sys from '../../sys/index.ts';

/** What is asked for: 64 slots. A fill takes as much. */
const PIPE_SIZE = 256 * 1024;
/** Kept open while they are not needed. */
const KEPT_MAX = 16;
/** Open at once, kept or holding bytes. */
const OPEN_MAX = 256;

const { constants } = sys;

/** An empty pipe, or one that its user has filled. Both ends are non-blocking. */
export interface Pipe {
  /** The descriptor to read from. */
  readonly reader: number;
  /** The descriptor to write to. */
  readonly writer: number;
  /** Bytes that it takes at most. */
  readonly size: number;
}

function closePipe({ reader, writer }: Pipe): void {
  sys.close(reader);
  sys.close(writer);
}

function sizeOf(fd: number): number {
  const size = sys.fcntl(fd, constants.F_SETPIPE_SZ as number, PIPE_SIZE);
  return size > 0 ? size : sys.fcntl(fd, constants.F_GETPIPE_SZ as number);
}

class PipePool {
  #kept: Pipe[] = [];
  #openCount = 0;
  #userCount = 0;

  /** Pipes that are open, in use or kept. */
  get openCount(): number {
    return this.#openCount;
  }

  /** Another user is going to take pipes. */
  enter(): void {
    this.#userCount++;
  }

  /** A user has given all of its pipes back for good. With the last one the pool closes what it keeps. */
  leave(): void {
    this.#userCount--;
    if (this.#userCount > 0) return;
    for (const pipe of this.#kept) this.discard(pipe);
    this.#kept = [];
  }

  /** @returns undefined: too many are open, or the system has no descriptor or memory left. */
  take(): Pipe | undefined {
    const kept = this.#kept.pop();
    if (kept !== undefined || this.#openCount === OPEN_MAX) return kept;
    const fds = new Int32Array(2);
    if (sys.pipe2(fds, constants.O_NONBLOCK) < 0) return undefined;
    this.#openCount++;
    const [reader, writer] = fds as unknown as [number, number];
    return { reader, writer, size: sizeOf(writer) };
  }

  /** Takes back a pipe that is empty. */
  give(pipe: Pipe): void {
    if (this.#kept.length < KEPT_MAX) this.#kept.push(pipe);
    else this.discard(pipe);
  }

  /** Takes back a pipe that has bytes in it, and closes it: no other user may get them. */
  discard(pipe: Pipe): void {
    this.#openCount--;
    closePipe(pipe);
  }
}

/** The pool of this thread. */
export let pipes: PipePool = new PipePool();

/**
 * Has the thread go without its pipes for a time in which numbers of descriptors mean others.
 *
 * @returns undoes it; what the relays of meanwhile have kept is forgotten.
 */
export function setPipesAside(): () => void {
  const before = pipes;
  pipes = new PipePool();
  return () => {
    pipes = before;
  };
}
