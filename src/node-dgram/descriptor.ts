// What a descriptor is, in the words of node:dgram: it takes UDP sockets only.
import { isatty } from 'node:tty';
import { SocketAddress } from '../address.ts';
import { native } from '../native.ts';
import { coded } from '../node-errors.ts';
import * as sys from '../sys/index.ts';

const { SOL_SOCKET, SO_TYPE, SOCK_DGRAM, SOCK_STREAM } = sys.constants;

/** The kind of an open descriptor, as ERR_INVALID_FD_TYPE names it. */
type DescriptorType = 'FILE' | 'PIPE' | 'TCP' | 'TTY' | 'UDP' | 'UNKNOWN';

/** @throws TypeError - ERR_INVALID_FD_TYPE: a descriptor is no UDP socket. */
export function checkUdp(fd: number): void {
  const type = descriptorType(fd);
  if (type === 'UDP') return;
  throw coded(new TypeError(`Unsupported fd type: ${type}`), 'ERR_INVALID_FD_TYPE');
}

// Changes nothing. `fd` may be any number; `'UNKNOWN'` also when it is not open.
function descriptorType(fd: number): DescriptorType {
  const type = new Int32Array(1);
  if (sys.getsockopt(fd, SOL_SOCKET, SO_TYPE, type) < 0) return fileType(fd);
  const { family } = nameOf(fd);
  const isInternet = family === 'IPv4' || family === 'IPv6';
  if (type[0] === SOCK_DGRAM) return isInternet ? 'UDP' : 'UNKNOWN';
  if (type[0] !== SOCK_STREAM) return 'UNKNOWN';
  return isInternet ? 'TCP' : 'PIPE';
}

function nameOf(fd: number): SocketAddress {
  const name = new SocketAddress();
  sys.getsockname(fd, name);
  return name;
}

function fileType(fd: number): DescriptorType {
  if (isatty(fd)) return 'TTY';
  const stats = statOf(fd);
  if (stats?.isFIFO()) return 'PIPE';
  return stats?.isFile() || stats?.isCharacterDevice() ? 'FILE' : 'UNKNOWN';
}

function statOf(fd: number) {
  try {
    return native.fstatSync(fd);
  } catch {
    return undefined; // it is not open
  }
}
