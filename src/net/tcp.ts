// The options of TCP sockets in one table: the name that users write, the kernel's option, how the
// value is encoded. What a system lacks is ERR_OPTION_UNSUPPORTED, never a silent no-op.
import { check, EdgewiseError, invalidType } from '../errors.ts';
import * as sys from '../sys.ts';
import { checkInteger, checkObject } from '../validate.ts';

/** Keep-alive probes of an idle connection. */
export interface KeepAlive {
  /** Seconds of silence before the first probe, 1 to 32767. */
  readonly idleSeconds?: number;
  /** Seconds between probes, 1 to 32767. */
  readonly intervalSeconds?: number;
  /** Probes without an answer before the connection is given up, 1 to 127. */
  readonly probeCount?: number;
}

/** What can be set on a TCP socket: docs/net.md has the table of systems. */
export interface TcpOptions {
  /** Send small segments at once, without Nagle's waiting. The default here is true. */
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean | KeepAlive;
  /** How long sent bytes may stay unacknowledged, in milliseconds. Linux. */
  readonly userTimeoutMs?: number;
  /** Hold partial segments back (TCP_CORK, TCP_NOPUSH). */
  readonly cork?: boolean;
  /** Acknowledge at once; the kernel may fall back by itself. Linux. */
  readonly quickAck?: boolean;
  /** Writable only while fewer unsent bytes than this are queued. */
  readonly notSentLowat?: number;
  /** Seconds that close waits for unsent bytes; 0: close resets. false: the default. */
  readonly lingerSeconds?: number | false;
  readonly receiveBufferSize?: number;
  readonly sendBufferSize?: number;
  /** Listeners: the length of the queue of connections that brought data with their SYN. */
  readonly fastOpen?: number;
  /** Listeners: accept only when data is there, or after so many seconds. Linux. */
  readonly deferAcceptSeconds?: number;
}

type IntegerOption = Exclude<
  keyof TcpOptions,
  'noDelay' | 'keepAlive' | 'cork' | 'quickAck' | 'lingerSeconds'
>;
type BooleanOption = 'noDelay' | 'cork' | 'quickAck';

const { constants } = sys;
const TCP = constants.IPPROTO_TCP;
const SOCKET = constants.SOL_SOCKET;

const BOOLEANS: Record<BooleanOption, number | undefined> = {
  noDelay: constants.TCP_NODELAY,
  cork: constants.TCP_CORK ?? constants.TCP_NOPUSH,
  quickAck: constants.TCP_QUICKACK,
};

const INTEGERS: Record<IntegerOption, readonly [level: number, option: number | undefined]> = {
  userTimeoutMs: [TCP, constants.TCP_USER_TIMEOUT],
  notSentLowat: [TCP, constants.TCP_NOTSENT_LOWAT],
  receiveBufferSize: [SOCKET, constants.SO_RCVBUF],
  sendBufferSize: [SOCKET, constants.SO_SNDBUF],
  fastOpen: [TCP, constants.TCP_FASTOPEN],
  deferAcceptSeconds: [TCP, constants.TCP_DEFER_ACCEPT],
};

const KEEP_ALIVE: Record<keyof KeepAlive, number | undefined> = {
  idleSeconds: constants.TCP_KEEPIDLE ?? constants.TCP_KEEPALIVE,
  intervalSeconds: constants.TCP_KEEPINTVL,
  probeCount: constants.TCP_KEEPCNT,
};

function set(fd: number, level: number, option: number | undefined, name: string, value: number) {
  if (option === undefined) {
    throw new EdgewiseError('ERR_OPTION_UNSUPPORTED', `${process.platform} has no ${name}`);
  }
  check(sys.setsockopt(fd, level, option, value), 'setsockopt', { fd });
}

function setKeepAlive(fd: number, value: unknown): void {
  if (typeof value === 'boolean') {
    set(fd, SOCKET, constants.SO_KEEPALIVE, 'keepAlive', value ? 1 : 0);
    return;
  }
  checkObject('keepAlive', value);
  set(fd, SOCKET, constants.SO_KEEPALIVE, 'keepAlive', 1);
  for (const [name, option] of Object.entries(KEEP_ALIVE)) {
    const figure = (value as KeepAlive)[name as keyof KeepAlive];
    if (figure === undefined) continue;
    set(fd, TCP, option, name, checkInteger(`keepAlive.${name}`, figure, 1, 32_767));
  }
}

function setLinger(fd: number, value: unknown): void {
  const seconds = value === false ? 0 : checkInteger('lingerSeconds', value, 0, 32_767);
  const linger = new Uint8Array(Int32Array.of(value === false ? 0 : 1, seconds).buffer);
  check(sys.setsockopt(fd, SOCKET, constants.SO_LINGER, linger), 'setsockopt', { fd });
}

/**
 * Sets every option that is given.
 *
 * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: this system does not have it.
 * @throws TypeError, RangeError - a value of the wrong kind. ErrnoError - what the kernel says.
 */
export function applyTcpOptions(fd: number, options: TcpOptions): void {
  for (const [name, option] of Object.entries(BOOLEANS)) {
    const value = options[name as BooleanOption];
    if (value === undefined) continue;
    if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value);
    set(fd, TCP, option, name, value ? 1 : 0);
  }
  for (const [name, [level, option]] of Object.entries(INTEGERS)) {
    const value = options[name as IntegerOption];
    if (value === undefined) continue;
    set(fd, level, option, name, checkInteger(name, value, 0, 0x7fffffff));
  }
  if (options.keepAlive !== undefined) setKeepAlive(fd, options.keepAlive);
  if (options.lingerSeconds !== undefined) setLinger(fd, options.lingerSeconds);
}
