// The pending error of a socket. epoll and kqueue report that there is one, not which: the layer
// that owns the socket asks for it. The kernel gives it out once: SO_ERROR, or the next call on the
// socket, takes it away. man 7 socket, SO_ERROR.
import * as sys from '../../sys/index.ts';

const { SOL_SOCKET, SO_ERROR } = sys.constants;

/**
 * Takes the pending error of a socket: the kernel forgets it.
 *
 * @param fd - an open socket.
 * @returns -errno; 0: there is none, or `fd` is not a socket.
 * @see socket(7) "SO_ERROR"
 */
export function takePendingError(fd: number): number {
  const value = new Int32Array(1);
  sys.getsockopt(fd, SOL_SOCKET, SO_ERROR, value);
  return -(value[0] as number);
}
