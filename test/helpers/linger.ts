// Makes the next close of a socket a reset.
import * as sys from '../../src/sys/index.ts';
import { must } from './descriptors.ts';

export function setLinger(fd: number): void {
  const { SOL_SOCKET, SO_LINGER } = sys.constants;
  must(sys.setsockopt(fd, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0)));
}
