// What a test does to a simulated machine: peers, time, faults, and a look at what is open.
import { constants } from 'node:os';
import { invalidValue } from '../errors.ts';
import { constants as names } from '../sys/constants.ts';
import { describeFile } from './describe.ts';
import { type Duration, nanosecondsOf } from './duration.ts';
import { Address } from './kernel/address.ts';
import type { AskedFault } from './kernel/faults.ts';
import type { Machine } from './kernel/machine.ts';
import { Socket } from './kernel/socket.ts';
import { Peer } from './peer.ts';
import type { RunLoop } from './run-loop.ts';

const { AF_INET, AF_UNIX } = names;
const { EINPROGRESS } = constants.errno;
const NS_PER_MS = 1e6;
const BACKLOG = 511;

/** A port, `'host:port'`, or the path of a Unix socket. */
export type Place = number | string;

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
   * @param call - as in `edgewise/sys`: `'accept4'`.
   * @param code - such as `'EMFILE'`.
   */
  fail(call: string, code: string, { times = 1, fd }: { times?: number; fd?: number } = {}): void {
    this.#machine.faults.ask(call, code, times, fd);
  }

  /** Has calls of the program move at most so many bytes; otherwise as `fail`. */
  cut(
    call: string,
    bytesMax: number,
    { times = 1, fd }: { times?: number; fd?: number } = {},
  ): void {
    this.#machine.faults.cut(call, bytesMax, times, fd);
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

  /** How often each call was made so far, by its name in `edgewise/sys`. */
  get calls(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#machine.callCounts);
  }

  /** @internal what tests have asked for and never happened */
  get inertFaults(): readonly AskedFault[] {
    return this.#machine.faults.asked.filter(({ fired }) => fired === 0);
  }

  #newSocket(address: Address): Socket {
    const { native } = this.#machine;
    const domain = address.host === '' ? AF_UNIX : AF_INET;
    return new Socket(domain, true, true, Address.none(native));
  }

  #addressOf(place: Place): Address {
    const { native, hosts } = this.#machine;
    if (typeof place === 'number') return Address.inet(native, '127.0.0.1', place);
    const [, host, port] = /^(.+):(\d+)$/.exec(place) ?? [];
    if (host !== undefined) return Address.inet(native, hosts.addressOf(host), Number(port));
    const slot = new Uint8Array(native.addressSlotSize);
    native.addressSetPath(slot, Buffer.from(place));
    return new Address(native, slot);
  }
}

function refusal(place: Place, errno: number): Error {
  const [code = 'UNKNOWN'] = Object.entries(constants.errno).find(([, n]) => n === errno) ?? [];
  return Object.assign(new Error(`${code}: ${place}`), { code });
}
