// What a test does to a simulated machine: peers, time, faults, and a look at what is open.
import { constants } from 'node:os';
import { invalidValue } from '../errors.ts';
import { constants as names } from '../sys/constants.ts';
import { checkFd, checkFunction, checkInteger, checkObject } from '../validate.ts';
import { describe, describeFile } from './describe.ts';
import { type Duration, nanosecondsOf } from './duration.ts';
import { Address } from './kernel/address.ts';
import { CUT_CALLS, SIMULATED_CALLS } from './kernel/call-names.ts';
import type { Machine } from './kernel/machine.ts';
import type { Rule } from './kernel/packet.ts';
import { Socket } from './kernel/socket.ts';
import { Peer } from './peer.ts';
import type { RunLoop } from './run-loop.ts';
import { type SocketRow, socketsOf } from './sockets.ts';
import { logOf } from './story.ts';

const { AF_INET, AF_UNIX } = names;
const { EINPROGRESS } = constants.errno;
const NS_PER_MS = 1e6;
const BACKLOG = 511;

/** A port, `'host:port'`, or the path of a Unix socket. */
export type Place = number | string;

/** Which calls `fail` and `cut` are for. */
export interface AskedOptions {
  /** How often, 1 or more. Default 1. */
  readonly times?: number | undefined;
  /** Of which descriptor. Default: any. */
  readonly fd?: number | undefined;
}

/** Which connections `reset` is for. */
export interface ResetOptions {
  /** Behind how many bytes that a connection carries from now on, both ways together. Default 0. */
  readonly afterBytes?: number | undefined;
  /** How many connections, 1 or more. Default 1. */
  readonly times?: number | undefined;
}

/** What is open in the simulated machine. */
export interface OpenDescriptors {
  /** How many. */
  readonly count: number;
  /** What each is, such as `'listener 127.0.0.1:7007'`, in the order of their numbers. */
  readonly open: readonly string[];
}

/** The machine of one run of `simulate`. */
export class Simulation {
  readonly #machine: Machine;
  readonly #loop: RunLoop;

  /** @internal use `simulate` */
  constructor(machine: Machine, loop: RunLoop) {
    this.#machine = machine;
    this.#loop = loop;
  }

  /** Milliseconds since the beginning of the run. */
  get now(): number {
    return this.#machine.clock.elapsedNs / NS_PER_MS;
  }

  /** Resolves when so much time has passed. It takes no real time. */
  elapse(duration: Duration): Promise<void> {
    const ns = nanosecondsOf('duration', duration);
    return new Promise((resolve) => {
      this.#machine.clock.after(ns, resolve);
    });
  }

  /** Calls a function at a time of the run. */
  at(time: Duration, callback: () => void): void {
    checkFunction('callback', callback);
    this.#machine.clock.at(nanosecondsOf('time', time) + this.#machine.clock.startNs, callback);
  }

  /**
   * Resolves when all that is on its way has arrived and every handler has run. Timers that are due later
   * are not waited for.
   */
  settle(): Promise<void> {
    return this.#loop.settle();
  }

  /** No fault happens by chance from here on; resolves as `settle`. */
  calm(): Promise<void> {
    this.#machine.tape.isCalm = true;
    return this.#loop.settle();
  }

  /**
   * Connects to a server of the program.
   *
   * @throws Error - ECONNREFUSED, ETIMEDOUT: no one listens there, or takes it.
   */
  connect(place: Place): Promise<Peer> {
    const address = this.#addressOf(place);
    const socket = this.#newSocket(address);
    return new Promise((resolve, reject) => {
      const watcher = {
        onActivity: (): void => {
          if (socket.stream === undefined && socket.error === 0) return;
          socket.watchers.delete(watcher);
          if (socket.stream !== undefined) resolve(new Peer(socket, this.#machine.clock));
          else reject(refusal(place, socket.takeError()));
        },
        onRelease: () => undefined,
      };
      socket.watchers.add(watcher);
      const result = this.#machine.network.connect(socket, address);
      if (result < 0 && result !== -EINPROGRESS) socket.error = -result;
      watcher.onActivity();
    });
  }

  /** Listens for connections of the program. @throws Error - EADDRINUSE. */
  listen(place: Place, onPeer: (peer: Peer) => void): void {
    checkFunction('onPeer', onPeer);
    const address = this.#addressOf(place);
    const socket = this.#newSocket(address);
    const result = this.#machine.network.bind(socket, address);
    if (result < 0) throw refusal(place, -result);
    const queue: Socket[] = [];
    socket.listening = { backlog: BACKLOG, queue };
    const accept = (): void => {
      for (const accepted of queue.splice(0)) onPeer(new Peer(accepted, this.#machine.clock));
    };
    socket.watchers.add({ onActivity: accept, onRelease: () => undefined });
  }

  /** Nothing arrives from or at a host for a while; for good without a duration, until `heal`. */
  partition(host: string, duration?: Duration): void {
    const ms =
      duration === undefined
        ? Number.POSITIVE_INFINITY
        : nanosecondsOf('duration', duration) / NS_PER_MS;
    this.#machine.network.linkTo(this.#machine.hosts.addressOf(host)).partition(ms);
  }

  /** Ends a partition: what was sent meanwhile arrives. */
  heal(host: string): void {
    this.#machine.network.linkTo(this.#machine.hosts.addressOf(host)).heal();
  }

  /** How long everything takes to and from a host. */
  latency(host: string, duration: Duration): void {
    const link = this.#machine.network.linkTo(this.#machine.hosts.addressOf(host));
    link.latencyMs = nanosecondsOf('duration', duration) / NS_PER_MS;
  }

  /**
   * Has calls of the program fail. One that never does is an error at the end: ERR_SIM_INERT.
   *
   * @param call - as in `edgewise/sys`: `'accept4'`. `'epoll_ctl'` is whatever a reactor registers or modifies.
   * @param code - such as `'EMFILE'`.
   * @param options - `times`: how often, 1 or more, default 1. `fd`: of which descriptor, default any.
   * @throws TypeError - ERR_INVALID_ARG_VALUE: no such call, or no error of that name. RangeError.
   */
  fail(call: string, code: string, options: AskedOptions = {}): void {
    checkOneOf('call', SIMULATED_CALLS, call);
    const { times, fd } = checkAsked(options);
    this.#machine.faults.ask(call, code, times, fd);
  }

  /**
   * Has calls of the program move at most so many bytes, where they could move more; otherwise as `fail`.
   *
   * @param call - one that moves bytes: `'recv'`, `'send'`, `'read'`, `'write'`, …
   * @param bytesMax - 1 or more.
   */
  cut(call: string, bytesMax: number, options: AskedOptions = {}): void {
    checkOneOf('call', CUT_CALLS, call);
    checkInteger('bytesMax', bytesMax, 1, Number.MAX_SAFE_INTEGER);
    const { times, fd } = checkAsked(options);
    this.#machine.faults.cut(call, bytesMax, times, fd);
  }

  /**
   * Resets connections to a place, those that are there and those that are made later: both ends get
   * ECONNRESET. One that never does is an error at the end: ERR_SIM_INERT.
   *
   * @param place - of the server, of the program or of `listen`: a port, or `'host:port'`.
   * @param options - `afterBytes`: behind how many bytes that it carries from now on, both ways together;
   *   default 0. `times`: how many connections, 1 or more, default 1.
   * @throws TypeError - ERR_INVALID_ARG_VALUE: it is a path. RangeError.
   */
  reset(place: Place, options: ResetOptions = {}): void {
    checkObject('options', options);
    const { afterBytes = 0, times = 1 } = options;
    checkInteger('options.afterBytes', afterBytes, 0, Number.MAX_SAFE_INTEGER);
    checkInteger('options.times', times, 1, Number.MAX_SAFE_INTEGER);
    const address = this.#addressOf(place);
    if (address.host === '') throw invalidValue('place', "a port or 'host:port'", place);
    const { network, faults } = this.#machine;
    network.resets.ask(address, afterBytes, times, faults.note('reset'));
  }

  /**
   * Decides what happens to each segment of TCP and each datagram of UDP, in the order in which they are sent. Of
   * several rules the first that does not let one pass decides. A rule that no packet was sent for is an
   * error at the end: ERR_SIM_INERT. What a rule throws fails the test.
   *
   * @returns takes the rule away.
   * @throws TypeError - ERR_INVALID_ARG_TYPE: no function.
   * @example
   * sim.rules(({ kind, attempt }) => (kind === 'syn' && attempt === 0 ? 'drop' : 'pass'));
   */
  rules(rule: Rule): () => void {
    return this.#machine.network.rules.add(rule);
  }

  /**
   * Has a reactor call the handler of a descriptor though there may be nothing to read and no room: what a kernel
   * may do. One that never happens is an error at the end: ERR_SIM_INERT.
   *
   * @throws TypeError - ERR_INVALID_ARG_VALUE: no reactor watches it.
   */
  spurious(fd: number): void {
    const { pollers, faults, journal, table } = this.#machine;
    checkFd(fd);
    const fault = faults.note('spurious');
    const watching = [...pollers].filter((poller) => poller.pretend(fd, fault));
    if (watching.length === 0) throw invalidValue('fd', 'a descriptor that a reactor watches', fd);
    const file = table.fileOf(fd);
    journal.add(`${file === undefined ? fd : describe(file)} is reported whatever it is`);
  }

  /**
   * Time passes in which the program does not run, as when it is stopped or its virtual machine is paused:
   * what was due comes late, and all at once.
   */
  suspend(duration: Duration): void {
    this.#loop.suspend(nanosecondsOf('duration', duration));
  }

  /** The process gets a signal. @returns whether a reactor waits for it, or a listener of `process`. */
  signal(name: NodeJS.Signals): boolean {
    const signum = constants.signals[name];
    if (signum === undefined) throw invalidValue('name', 'the name of a signal', name);
    return [...this.#machine.signals].map((target) => target.raise(signum)).includes(true);
  }

  /** What is open now. */
  get descriptors(): OpenDescriptors {
    const { numbers } = this.#machine.table;
    return { count: numbers.length, open: numbers.map((fd) => describeFile(this.#machine, fd)) };
  }

  /**
   * All calls of the program so far, and what was unkind, a line each: the same in each run by the same choices.
   * Of a run that is longer than 100,000 of them, the last ones.
   */
  get log(): readonly string[] {
    return logOf(this.#machine.journal.entries);
  }

  /** The sockets of the program, as netstat(8) shows them. */
  sockets(): readonly SocketRow[] {
    return socketsOf(this.#machine);
  }

  /** How often each call was made so far, by its name in `edgewise/sys`; those of pollers begin with `poller.`. */
  get calls(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#machine.callCounts);
  }

  /** @internal what was asked for and has never happened, as a sentence */
  get inertFault(): string | undefined {
    const { faults, network } = this.#machine;
    const inert = faults.asked.find(({ fired }) => fired === 0);
    if (inert !== undefined) return `a fault of ${inert.call} was asked for, and never happened`;
    return network.rules.hasUnused ? 'a rule was set, and no packet was sent' : undefined;
  }

  #newSocket(address: Address): Socket {
    const { native } = this.#machine;
    const domain = address.host === '' ? AF_UNIX : AF_INET;
    return new Socket(domain, true, true, Address.none(native));
  }

  #addressOf(place: Place): Address {
    const { native, hosts } = this.#machine;
    if (typeof place !== 'string') checkInteger('place', place, 1, 65_535);
    if (typeof place === 'number') return Address.inet(native, '127.0.0.1', place);
    const [, host, port] = /^(.+):(\d+)$/.exec(place) ?? [];
    if (host !== undefined) return Address.inet(native, hosts.addressOf(host), Number(port));
    const slot = new Uint8Array(native.addressSlotSize);
    native.addressSetPath(slot, Buffer.from(place));
    return new Address(native, slot);
  }
}

function checkAsked(options: AskedOptions): { times: number; fd: number | undefined } {
  checkObject('options', options);
  const { times = 1, fd } = options;
  checkInteger('options.times', times, 1, Number.MAX_SAFE_INTEGER);
  if (fd !== undefined) checkFd(fd, 'options.fd');
  return { times, fd };
}

function checkOneOf(name: string, known: readonly string[], value: unknown): void {
  if (!known.includes(value as string)) throw invalidValue(name, known.join(', '), value);
}

function refusal(place: Place, errno: number): Error {
  const [code = 'UNKNOWN'] = Object.entries(constants.errno).find(([, n]) => n === errno) ?? [];
  return Object.assign(new Error(`${code}: ${place}`), { code });
}
