// The options of TCP sockets in one table: the name that users write, the kernel's option, how the
// value is encoded. What a system lacks is ERR_OPTION_UNSUPPORTED, never a silent no-op.
import { EdgewiseError, invalidType } from '../../errors.ts';
import type { Reactor } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { checkInteger, checkObject } from '../../validate.ts';

/** Keep-alive probes of an idle connection. */
export interface KeepAlive {
  /** Seconds of silence before the first probe, 1 to 32767. */
  readonly idleSeconds?: number | undefined;
  /** Seconds between probes, 1 to 32767. */
  readonly intervalSeconds?: number | undefined;
  /** Probes without an answer before the connection is given up, 1 to 127. */
  readonly probeCount?: number | undefined;
}

/** Options of a TCP socket: docs/net.md has the table of systems. */
export interface TcpOptions {
  /** Send small segments at once, without Nagle's waiting. The default here is true. */
  readonly noDelay?: boolean | undefined;
  /** Probe the peer of an idle connection, with the system's times or with these. */
  readonly keepAlive?: boolean | KeepAlive | undefined;
  /** How long sent bytes may stay unacknowledged, in milliseconds. Linux. */
  readonly userTimeoutMs?: number | undefined;
  /** Hold partial segments back (TCP_CORK, TCP_NOPUSH). */
  readonly cork?: boolean | undefined;
  /** Acknowledge at once; the kernel may fall back by itself. Linux. */
  readonly quickAck?: boolean | undefined;
  /** Writable only while fewer unsent bytes than this are queued. */
  readonly notSentLowat?: number | undefined;
  /** Seconds that close waits for unsent bytes; 0: close resets. false: the default. */
  readonly lingerSeconds?: number | false | undefined;
  /** Bytes that the kernel keeps of what was received, SO_RCVBUF; Linux doubles it. */
  readonly receiveBufferSize?: number | undefined;
  /** Bytes that the kernel keeps of what is to be sent, SO_SNDBUF; Linux doubles it. */
  readonly sendBufferSize?: number | undefined;
  /** Listeners: the length of the queue of connections that brought data with their SYN. */
  readonly fastOpen?: number | undefined;
  /** Listeners: accept only when data is there, or after so many seconds. Linux. */
  readonly deferAcceptSeconds?: number | undefined;
  /**
   * Listeners that share a port (`reusePort`): prefer this one for connections with packets that the
   * given processor has handled. Linux.
   */
  readonly incomingCpu?: number | undefined;
}

type IntegerOption = Exclude<
  keyof TcpOptions,
  'noDelay' | 'keepAlive' | 'cork' | 'quickAck' | 'lingerSeconds'
>;
type BooleanOption = 'noDelay' | 'cork' | 'quickAck';

type Names = readonly sys.ConstantName[];

const { constants } = sys;
const TCP = constants.IPPROTO_TCP;
const SOCKET = constants.SOL_SOCKET;

// By the names of the kernel's options; where there are two, systems have the one or the other.
const BOOLEANS: Record<BooleanOption, Names> = {
  noDelay: ['TCP_NODELAY'],
  cork: ['TCP_CORK', 'TCP_NOPUSH'],
  quickAck: ['TCP_QUICKACK'],
};

const INTEGERS: Record<IntegerOption, readonly [level: number, names: Names]> = {
  userTimeoutMs: [TCP, ['TCP_USER_TIMEOUT']],
  notSentLowat: [TCP, ['TCP_NOTSENT_LOWAT']],
  receiveBufferSize: [SOCKET, ['SO_RCVBUF']],
  sendBufferSize: [SOCKET, ['SO_SNDBUF']],
  fastOpen: [TCP, ['TCP_FASTOPEN']],
  deferAcceptSeconds: [TCP, ['TCP_DEFER_ACCEPT']],
  incomingCpu: [SOCKET, ['SO_INCOMING_CPU']],
};

const KEEP_ALIVE: Record<keyof KeepAlive, readonly [names: Names, max: number]> = {
  idleSeconds: [['TCP_KEEPIDLE', 'TCP_KEEPALIVE'], 32_767],
  intervalSeconds: [['TCP_KEEPINTVL'], 32_767],
  probeCount: [['TCP_KEEPCNT'], 127],
};

const TCP_NAMES = [
  ...Object.keys(BOOLEANS),
  ...Object.keys(INTEGERS),
  'keepAlive',
  'lingerSeconds',
];

/** A system call to come: checked, and encoded for the kernel. */
interface PlannedOption {
  readonly level: number;
  readonly option: number;
  readonly value: number | Uint8Array;
  readonly isForListeners: boolean;
}

/** What {@link applyPlan} sets, in order. */
export type TcpPlan = readonly PlannedOption[];

const LISTENERS_ONLY: ReadonlySet<string> = new Set([
  'fastOpen',
  'deferAcceptSeconds',
  'incomingCpu',
]);

/** The numbers that a system has for its options. */
type OptionNumbers = { readonly [Name in sys.ConstantName]?: number | undefined };

class Planner {
  readonly plan: PlannedOption[] = [];
  readonly #numbers: OptionNumbers;

  constructor(numbers: OptionNumbers) {
    this.#numbers = numbers;
  }

  add(name: string, level: number, names: Names, value: number | Uint8Array): void {
    const known = names.find((each) => this.#numbers[each] !== undefined);
    const option = known === undefined ? undefined : this.#numbers[known];
    if (option === undefined) {
      throw new EdgewiseError('ERR_OPTION_UNSUPPORTED', `${process.platform} has no ${name}`);
    }
    this.plan.push({ level, option, value, isForListeners: LISTENERS_ONLY.has(name) });
  }

  addKeepAlive(value: unknown): void {
    if (typeof value === 'boolean') {
      this.add('keepAlive', SOCKET, ['SO_KEEPALIVE'], value ? 1 : 0);
      return;
    }
    checkObject('keepAlive', value);
    this.add('keepAlive', SOCKET, ['SO_KEEPALIVE'], 1);
    for (const [name, [names, max]] of Object.entries(KEEP_ALIVE)) {
      const figure = (value as KeepAlive)[name as keyof KeepAlive];
      if (figure === undefined) continue;
      this.add(name, TCP, names, checkInteger(`keepAlive.${name}`, figure, 1, max));
    }
  }

  addLinger(value: unknown): void {
    const seconds = value === false ? 0 : checkInteger('lingerSeconds', value, 0, 32_767);
    const linger = new Uint8Array(Int32Array.of(value === false ? 0 : 1, seconds).buffer);
    this.add('lingerSeconds', SOCKET, ['SO_LINGER'], linger);
  }
}

/**
 * Checks the options that are given, and plans how they are set.
 *
 * @param numbers - those of this system, unless a test looks at another one.
 * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: the system does not have it.
 * @throws TypeError, RangeError - a value of the wrong kind.
 */
export function planTcpOptions(options: TcpOptions, numbers: OptionNumbers = constants): TcpPlan {
  checkObject('tcp', options);
  const planner = new Planner(numbers);
  for (const [name, names] of Object.entries(BOOLEANS)) {
    const value = options[name as BooleanOption];
    if (value === undefined) continue;
    if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value);
    planner.add(name, TCP, names, value ? 1 : 0);
  }
  for (const [name, [level, names]] of Object.entries(INTEGERS)) {
    const value = options[name as IntegerOption];
    if (value === undefined) continue;
    planner.add(name, level, names, checkInteger(name, value, 0, 0x7fffffff));
  }
  if (options.keepAlive !== undefined) planner.addKeepAlive(options.keepAlive);
  if (options.lingerSeconds !== undefined) planner.addLinger(options.lingerSeconds);
  return planner.plan;
}

/** The same with the default of `listen` and `connect`: no Nagle. */
export function planOrDefaults(options: TcpOptions | undefined): TcpPlan {
  return planTcpOptions({ ...options, noDelay: options?.noDelay ?? true });
}

/**
 * What of a listener's options has to be set on each connection that it accepts. Not TCP_NODELAY,
 * which Linux, macOS and the BSDs hand down, when the listening socket has it as it should be.
 */
export function forConnections(plan: TcpPlan, listening: number): TcpPlan {
  const flag = new Int32Array(1);
  const { TCP_NODELAY } = constants;
  const isKnown = sys.getsockopt(listening, TCP, TCP_NODELAY, flag) >= 0;
  const isHandedDown = ({ level, option, value }: PlannedOption) =>
    isKnown && level === TCP && option === TCP_NODELAY && (flag[0] !== 0) === (value !== 0);
  return plan.filter((planned) => !planned.isForListeners && !isHandedDown(planned));
}

/** Under `lint`, warns of names in `tcp` that are none. */
export function lintTcp(reactor: Reactor, tcp: TcpOptions | undefined): void {
  if (tcp === undefined) return;
  reactor.lintNames('tcp', tcp, TCP_NAMES);
  if (typeof tcp.keepAlive === 'object') {
    reactor.lintNames('keepAlive', tcp.keepAlive, Object.keys(KEEP_ALIVE));
  }
}

/** @returns 0, or -errno of the first option that the kernel refused. */
export function applyPlan(fd: number, plan: TcpPlan): number {
  for (const { level, option, value } of plan) {
    const result = sys.setsockopt(fd, level, option, value);
    if (result < 0) return result;
  }
  return 0;
}
