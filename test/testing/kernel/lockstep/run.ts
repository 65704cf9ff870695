// Runs a script on the real kernel and, in step with it, on the simulated one. After each call the results are
// compared, and what poll(2) says of every descriptor; a wait compares what two pollers report. The first
// difference ends the run.
//
// How much a full buffer takes is a kernel's own affair: a direction that was filled is compared by totals, and
// its room not at all, until it is empty again.
import { constants as os } from 'node:os';
import { native } from '../../../../src/native.ts';
import { Interest, Readiness, readinessNames, TRIGGERS } from '../../../../src/poller/interest.ts';
import { constants } from '../../../../src/sys/constants.ts';
import { errnoName } from '../../../../src/sys/result.ts';
import { Poll } from '../../../../src/testing/kernel/open-file.ts';
import type { Socket } from '../../../../src/testing/kernel/socket.ts';
import {
  type Both,
  type Descriptor,
  Direction,
  isDatagram,
  isStream,
  join,
  type Kind,
  type Watch,
} from './descriptors.ts';
import type { Operation, Script } from './script.ts';
import { RealSide, type Reports, SimulatedSide } from './sides.ts';

const { AF_INET, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK, O_NONBLOCK } = constants;
const { SOL_SOCKET, SO_ERROR, SO_LINGER, SO_RCVBUF, SO_SNDBUF, EFD_NONBLOCK, MSG_PEEK } = constants;
const { SHUT_RD, SHUT_WR, SHUT_RDWR, IPPROTO_TCP, TCP_NODELAY } = constants;
const { EAGAIN, EINPROGRESS } = os.errno;
const DESCRIPTORS_MAX = 14;
/** What is surely taken without a fill. */
const PENDING_BYTES_MAX = 4096;
const PENDING_WRITES_MAX = 8;
/** Of one script: they find room at whatever socket they go to. */
const DATAGRAMS_MAX = 20;
const RESTS_MAX = 60;
const BUFFER_BYTES = 32_768;
const BYTES = new Uint8Array(1 << 17);

/** One script on both. */
export class Run {
  difference: string | undefined;
  readonly trace: string[] = [];
  readonly #real = new RealSide();
  readonly #sim: SimulatedSide;
  readonly #open: Descriptor[] = [];
  readonly #place: number;
  readonly #watched = new Map<number, Watch>();
  /** Unix streams that a write has failed of since the last wait, by simulated number. */
  readonly #failedWriters = new Set<number>();
  /** What they may do differently has made them different. */
  #isApart = false;
  #lastId = 0;
  #datagramCount = 0;

  /** @param place - sets the names of this run apart from others. */
  constructor(script: Script, place: number, sim = new SimulatedSide()) {
    this.#sim = sim;
    this.#place = place;
    try {
      for (const step of script) {
        if (this.difference !== undefined || this.#isApart) break;
        this.#perform(step);
        this.#settle();
      }
    } finally {
      for (const { fds } of this.#open) {
        for (const [index, { kernel }] of this.#sides.entries()) {
          kernel.setsockopt(fds[index] as number, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0));
        }
        native.close(fds[0]);
      }
      this.#real.close();
    }
  }

  get #sides(): readonly [RealSide, SimulatedSide] {
    return [this.#real, this.#sim];
  }

  #note(text: string): void {
    this.trace.push(text);
  }

  #differ(text: string): void {
    this.difference ??= text;
  }

  /** The same call on both. */
  #call(what: string, call: (side: RealSide | SimulatedSide, index: 0 | 1) => number): Both {
    const real = call(this.#real, 0);
    const simulated = call(this.#sim, 1);
    this.#note(`${what}: ${nameOf(real)}`);
    this.#sim.settle();
    return [real, simulated];
  }

  #same(what: string, call: (side: RealSide | SimulatedSide, index: 0 | 1) => number): number {
    const [real, simulated] = this.#call(what, call);
    if (real !== simulated) this.#differ(`${what}: ${nameOf(real)}, not ${nameOf(simulated)}`);
    return real;
  }

  // Waits until poll(2) says the same of every descriptor.
  #settle(): void {
    let difference: string | undefined;
    for (let rests = 0; rests < RESTS_MAX; rests++) {
      difference = this.#stateDifference();
      if (difference === undefined) return;
      this.#real.rest();
    }
    if (difference !== undefined) this.#differ(difference);
  }

  #stateDifference(): string | undefined {
    const states = this.#real.states();
    for (const descriptor of this.#open) {
      const mask = descriptor.out?.isFilled === true ? ~Poll.Out : ~0;
      const real = (states.get(descriptor.fds[0]) ?? 0) & mask;
      const simulated = this.#sim.stateOf(descriptor.fds[1]) & mask;
      if (real !== simulated) {
        return `poll of ${this.#nameOf(descriptor)}: ${pollNames(real)}, not ${pollNames(simulated)}`;
      }
    }
    return undefined;
  }

  #nameOf({ id, kind }: Descriptor): string {
    return `${kind} ${id}`;
  }

  #add(fds: Both, kind: Kind): Descriptor {
    const descriptor: Descriptor = {
      fds,
      kind,
      id: ++this.#lastId,
      queue: [],
      out: undefined,
      in: undefined,
      isListening: false,
      isStuck: false,
      isNamed: false,
    };
    this.#open.push(descriptor);
    this.#real.watch(fds[0]);
    return descriptor;
  }

  #pick(place: number, fits: (descriptor: Descriptor) => boolean): Descriptor | undefined {
    const fitting = this.#open.filter(fits);
    return fitting[place % fitting.length];
  }

  #perform(step: Operation): void {
    const { name, target, value } = step;
    if (name === 'open') this.#openOne(value);
    else if (name === 'openPair') this.#openPair(value);
    else if (name === 'wait') this.#wait();
    else if (name === 'connect') this.#connect(step);
    else if (name === 'listen') this.#listen(step);
    else if (name === 'sendTo') this.#sendTo(step);
    else if (name === 'associate') this.#associate(step);
    else {
      const descriptor = this.#pick(target, ({ isStuck }) => !isStuck || name === 'close');
      if (descriptor !== undefined) this.#on(descriptor, step);
    }
  }

  #on(descriptor: Descriptor, step: Operation): void {
    const { name, value } = step;
    const { fds, kind } = descriptor;
    const what = `${name} ${this.#nameOf(descriptor)}`;
    switch (name) {
      case 'accept':
        this.#accept(descriptor);
        break;
      case 'bind':
        this.#bind(descriptor);
        break;
      case 'write':
        this.#write(descriptor, kind === 'eventfd' ? 8 : value === 0 ? 0 : value * 16);
        break;
      case 'fill':
        this.#fill(descriptor);
        break;
      case 'read':
        this.#read(descriptor, value === 0 ? 0 : value * 24);
        break;
      case 'drain':
        this.#drain(descriptor);
        break;
      case 'peek':
        if (kind !== 'pipe' && kind !== 'eventfd') this.#read(descriptor, value + 1, MSG_PEEK);
        break;
      case 'shutdown':
        this.#shutdown(descriptor, value % 3);
        break;
      case 'linger':
        this.#same(what, ({ kernel }, index) =>
          kernel.setsockopt(fds[index], SOL_SOCKET, SO_LINGER, Int32Array.of(value & 1, 0)),
        );
        break;
      case 'error':
        this.#error(descriptor);
        break;
      case 'names':
        this.#names(descriptor);
        break;
      case 'dup':
        this.#dup(descriptor);
        break;
      case 'close':
        this.#close(descriptor);
        break;
      case 'add':
      case 'modify':
      case 'remove':
        this.#control(descriptor, step);
        break;
      default:
    }
  }

  #openOne(value: number): void {
    if (this.#open.length >= DESCRIPTORS_MAX) return;
    const kinds = ['tcp', 'tcp', 'tcp', 'unix', 'unix', 'udp', 'unix-datagram', 'eventfd'] as const;
    const kind = kinds[value % kinds.length] as Kind;
    const [real, simulated] = this.#call(`open ${kind}`, ({ kernel }) => {
      if (kind === 'eventfd') return kernel.eventfd(value >> 4, EFD_NONBLOCK);
      const domain = kind === 'tcp' || kind === 'udp' ? AF_INET : AF_UNIX;
      const type = kind === 'tcp' || kind === 'unix' ? SOCK_STREAM : SOCK_DGRAM;
      const fd = kernel.socket(domain, type | SOCK_NONBLOCK, 0);
      kernel.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
      kernel.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
      // What is written leaves at once.
      if (kind === 'tcp') kernel.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
      return fd;
    });
    this.#add([real, simulated], kind);
  }

  #openPair(value: number): void {
    if (this.#open.length + 2 > DESCRIPTORS_MAX) return;
    const kinds = ['pipe', 'unix', 'tcp', 'tcp', 'unix-datagram'] as const;
    const kind = kinds[value % kinds.length] as Kind;
    if (kind === 'tcp') {
      this.#openTcp(value);
      return;
    }
    const pairs = this.#sides.map(({ kernel }) => {
      const fds = new Int32Array(2);
      const type = kind === 'unix' ? SOCK_STREAM : SOCK_DGRAM;
      if (kind === 'pipe') kernel.pipe2(fds, O_NONBLOCK);
      else kernel.socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fds);
      return fds;
    }) as [Int32Array, Int32Array];
    this.#note(`open a pair of ${kind}`);
    const [first, second] = [0, 1].map((end) =>
      this.#add([pairs[0][end] as number, pairs[1][end] as number], kind),
    ) as [Descriptor, Descriptor];
    if (kind !== 'unix-datagram') join(second, first);
    if (kind === 'unix') join(first, second);
  }

  // A connection, perhaps with its listener.
  #openTcp(value: number): void {
    if (this.#open.length + 3 > DESCRIPTORS_MAX) return;
    this.#openOne(0);
    this.#openOne(0);
    const [listener, client] = this.#open.slice(-2) as [Descriptor, Descriptor];
    this.#bind(listener);
    this.#listenOn(listener, 2);
    this.#connectTo(client, listener);
    this.#settle();
    this.#accept(listener);
    if ((value & 1) === 0) this.#close(listener);
  }

  #slotFor(kind: Kind, id: number, port = 0): Uint8Array {
    const slot = new Uint8Array(native.addressSlotSize);
    const place = this.#place;
    const host = `127.${1 + ((place >> 14) & 127)}.${(place >> 7) & 127}.${1 + (place & 127)}`;
    if (kind === 'tcp' || kind === 'udp') native.addressSetInet(slot, host, port);
    else native.addressSetAbstract(slot, Buffer.from(`edgewise-${process.pid}-${place}-${id}`));
    return slot;
  }

  #bind(descriptor: Descriptor): void {
    const { fds, kind, id } = descriptor;
    if (kind === 'pipe' || kind === 'eventfd') return;
    const slot = this.#slotFor(kind, id);
    const what = `bind ${this.#nameOf(descriptor)}`;
    const result = this.#same(what, ({ kernel }, index) => kernel.bind(fds[index], slot));
    if (result !== 0) return;
    for (const twin of this.#twinsOf(descriptor)) twin.isNamed = true;
  }

  #listen({ target, value }: Operation): void {
    const descriptor = this.#pick(target, ({ kind, isStuck }) => isStream(kind) && !isStuck);
    if (descriptor === undefined) return;
    if (!descriptor.isNamed && value % 8 !== 0) this.#bind(descriptor);
    // One without a name listens at all addresses, where others might be reached.
    if (!descriptor.isNamed && descriptor.kind === 'tcp') return;
    this.#listenOn(descriptor, value % 3);
  }

  #listenOn(descriptor: Descriptor, backlog: number): void {
    const what = `listen ${this.#nameOf(descriptor)} ${backlog}`;
    const { fds } = descriptor;
    const result = this.#same(what, ({ kernel }, index) => kernel.listen(fds[index], backlog));
    if (result !== 0) return;
    for (const twin of this.#twinsOf(descriptor)) twin.isListening = true;
  }

  #connect({ target, other, value }: Operation): void {
    const isFresh = ({ out, isListening }: Descriptor): boolean =>
      out === undefined && !isListening;
    const client = this.#pick(
      target,
      (one) => isStream(one.kind) && !one.isStuck && (value > 50 || isFresh(one)),
    );
    if (client === undefined) return;
    const { fds, kind } = client;
    const { table } = this.#sim.machine;
    const socket = table.fileOf(fds[1]);
    const server = this.#pick(
      other,
      (one) =>
        one.kind === kind &&
        one.isNamed &&
        table.fileOf(one.fds[1]) !== socket &&
        (one.isListening || value < 6),
    );
    if (server !== undefined) this.#connectTo(client, server);
  }

  #connectTo(client: Descriptor, server: Descriptor): void {
    const { fds, kind } = client;
    const socket = this.#sim.machine.table.fileOf(fds[1]) as Socket;
    const what = `connect ${this.#nameOf(client)} to ${this.#nameOf(server)}`;
    const result = this.#same(what, ({ kernel }, index) => {
      const slot = new Uint8Array(native.addressSlotSize);
      kernel.getsockname(server.fds[index], slot);
      return kernel.connect(fds[index], slot);
    });
    if (result === -EINPROGRESS) client.isStuck = socket.isConnecting;
    if (socket.stream === undefined) {
      // One that has failed is as if it were new.
      for (const twin of this.#twinsOf(client)) twin.out = twin.in = undefined;
    }
    if (socket.stream === undefined || (result !== 0 && result !== -EINPROGRESS)) return;
    if (client.out === undefined) server.queue.push(client);
    client.out ??= new Direction(client.id);
    client.in ??= new Direction(client.id + 100);
    for (const twin of this.#twinsOf(client)) {
      twin.isNamed ||= kind === 'tcp';
      twin.out = client.out;
      twin.in = client.in;
    }
  }

  #accept(listener: Descriptor): void {
    if (!isStream(listener.kind) || this.#open.length >= DESCRIPTORS_MAX) return;
    const { fds, kind, queue } = listener;
    const [client] = queue;
    const slots = [0, 1].map(() => new Uint8Array(native.addressSlotSize));
    const what = `accept from ${this.#nameOf(listener)}`;
    const results = this.#call(what, ({ kernel }, index) =>
      kernel.accept4(fds[index], slots[index], SOCK_NONBLOCK),
    );
    const [real, simulated] = results;
    if (real < 0 || simulated < 0) {
      if (real !== simulated) this.#differ(`${what}: ${nameOf(real)}, not ${nameOf(simulated)}`);
      return;
    }
    if (queue.length > 1) this.#note(`  the first of ${queue.length}`);
    queue.shift();
    const accepted = this.#add(results, kind);
    if (client === undefined) return;
    accepted.isNamed = true;
    accepted.out = client.in;
    accepted.in = client.out;
    if (kind === 'tcp') this.#comparePeer(client, slots as [Uint8Array, Uint8Array], what);
  }

  // Those of the same open file.
  #twinsOf({ fds }: Descriptor): Descriptor[] {
    const { table } = this.#sim.machine;
    return this.#open.filter((one) => table.fileOf(one.fds[1]) === table.fileOf(fds[1]));
  }

  // Which one was accepted.
  #comparePeer(client: Descriptor, slots: [Uint8Array, Uint8Array], what: string): void {
    if (!this.#open.includes(client)) return;
    const isSame = this.#sides.map(({ kernel }, index) => {
      const name = new Uint8Array(native.addressSlotSize);
      kernel.getsockname(client.fds[index] as number, name);
      return native.addressPort(name) === native.addressPort(slots[index] as Uint8Array);
    });
    if (isSame[0] !== isSame[1]) this.#differ(`${what}: not in the same order`);
  }

  #associate({ target, other }: Operation): void {
    const descriptor = this.#pick(target, ({ kind }) => isDatagram(kind));
    const to = this.#pick(other, ({ kind, isNamed }) => kind === descriptor?.kind && isNamed);
    if (descriptor === undefined || to === undefined) return;
    const what = `connect ${this.#nameOf(descriptor)} to ${this.#nameOf(to)}`;
    const result = this.#same(what, ({ kernel }, index) => {
      const slot = new Uint8Array(native.addressSlotSize);
      kernel.getsockname(to.fds[index], slot);
      return kernel.connect(descriptor.fds[index], slot);
    });
    if (result === 0 && descriptor.kind === 'udp') descriptor.isNamed = true;
  }

  #sendTo({ target, other, value }: Operation): void {
    const from = this.#pick(target, ({ kind }) => isDatagram(kind));
    const to = this.#pick(other, ({ kind, isNamed }) => kind === from?.kind && isNamed);
    if (from === undefined || to === undefined) return;
    if (++this.#datagramCount > DATAGRAMS_MAX) return;
    const bytes = BYTES.subarray(0, value).fill(value);
    const what = `send ${value} from ${this.#nameOf(from)} to ${this.#nameOf(to)}`;
    const result = this.#same(what, ({ kernel }, index) => {
      const slot = new Uint8Array(native.addressSlotSize);
      kernel.getsockname(to.fds[index], slot);
      return kernel.sendto(from.fds[index], bytes, 0, value, 0, slot);
    });
    if (result >= 0 && from.kind === 'udp') from.isNamed = true;
  }

  #write(descriptor: Descriptor, count: number): void {
    const { fds, kind, out } = descriptor;
    const what = `write ${count} to ${this.#nameOf(descriptor)}`;
    const pending = out === undefined ? 0 : out.pending + count;
    if (out?.isFilled === true || pending > PENDING_BYTES_MAX) return;
    if (out !== undefined && out.writes >= PENDING_WRITES_MAX) return;
    if (isDatagram(kind) && ++this.#datagramCount > DATAGRAMS_MAX) return;
    const bytes =
      kind === 'eventfd' ? oneIn8 : (out?.pattern(1, count) ?? BYTES.subarray(0, count));
    const result = this.#same(what, ({ kernel }, index) => kernel.write(fds[index], bytes));
    if (result < 0 && kind === 'unix') {
      for (const twin of this.#twinsOf(descriptor)) this.#failedWriters.add(twin.fds[1]);
    }
    if (out === undefined || result <= 0) return;
    out.writes++;
    out.written[0] += result;
    out.written[1] += result;
  }

  #fill(descriptor: Descriptor): void {
    const { fds, out } = descriptor;
    if (out === undefined || out.isReaderShut || isDatagram(descriptor.kind)) return;
    const what = `fill ${this.#nameOf(descriptor)}`;
    this.#same(what, ({ kernel }, index) => {
      let result = 1;
      // What TCP has sent makes room a moment later.
      for (let tries = 0; result > 0 && tries < 1000; tries++) {
        result = kernel.write(fds[index], out.pattern(index, 16_384));
        if (result > 0) out.written[index] += result;
        if (index === 1) this.#sim.settle();
      }
      return result;
    });
    out.isFilled = true;
  }

  #read(descriptor: Descriptor, count: number, flags = 0): void {
    const { fds, in: source } = descriptor;
    const what = `${flags === 0 ? 'read' : 'peek'} ${count} of ${this.#nameOf(descriptor)}`;
    const into = [new Uint8Array(count), new Uint8Array(count)] as const;
    if (descriptor.kind === 'tcp' && source?.isFilled === false) {
      const file = this.#sim.machine.table.fileOf(fds[1]) as Socket;
      this.#awaitBytes(descriptor, Math.min(count, file.stream?.unread ?? 0));
    }
    const result = this.#same(what, ({ kernel }, index) =>
      flags === 0
        ? kernel.read(fds[index], into[index])
        : kernel.recv(fds[index], into[index], 0, count, flags),
    );
    if (result <= 0) return;
    if (!Buffer.from(into[0]).equals(into[1]) && source === undefined) {
      this.#differ(`${what}: ${into[0]}, not ${into[1]}`);
    }
    if (source === undefined) return;
    this.#check(what, source, into, [result, result], flags === 0);
    if (flags === 0) this.#calm(source);
  }

  // All that was sent over loopback has arrived.
  #awaitBytes({ fds }: Descriptor, count: number): void {
    const bytes = new Uint8Array(count);
    for (let rests = 0; rests < RESTS_MAX && count > 0; rests++) {
      const found = native.recv(fds[0], bytes, 0, count, MSG_PEEK);
      if (found >= count || (found <= 0 && found !== -EAGAIN)) return;
      this.#real.rest();
    }
  }

  // Reads until there is no more; what was filled is compared by totals.
  #drain(descriptor: Descriptor): void {
    const { fds, in: source, kind } = descriptor;
    if (source === undefined || isDatagram(kind)) {
      this.#read(descriptor, BYTES.length);
      return;
    }
    const what = `drain ${this.#nameOf(descriptor)}`;
    const read = [0, 1].map((index) => source.read[index as 0 | 1]);
    this.#same(what, ({ kernel }, index) => {
      for (let tries = 0; ; tries++) {
        const result = kernel.read(fds[index], BYTES);
        if (index === 1) this.#sim.settle();
        if (result > 0) {
          if (!source.fits(index, BYTES.subarray(0, result))) this.#differ(`${what}: other bytes`);
          source.read[index] += result;
          continue;
        }
        const isAll = source.read[index] === source.written[index];
        if (result !== -EAGAIN || isAll || index === 1 || tries > RESTS_MAX) return result;
        this.#real.rest();
      }
    });
    this.#note(`  ${source.read[0] - (read[0] ?? 0)} bytes`);
    this.#calm(source);
  }

  #check(
    what: string,
    source: Direction,
    into: readonly [Uint8Array, Uint8Array],
    counts: Both,
    isTaken: boolean,
  ): void {
    for (const index of [0, 1] as const) {
      const count = counts[index];
      if (!source.fits(index, into[index].subarray(0, count))) this.#differ(`${what}: other bytes`);
      if (isTaken) source.read[index] += count;
    }
  }

  #calm(source: Direction): void {
    const isEmpty = ([0, 1] as const).every((side) => source.read[side] === source.written[side]);
    if (!isEmpty) return;
    source.restart();
  }

  #shutdown(descriptor: Descriptor, how: number): void {
    // Of one that is not connected: see the table of divergences.
    if (descriptor.out === undefined || descriptor.in === undefined) return;
    if (isDatagram(descriptor.kind)) return;
    const { fds } = descriptor;
    if (how !== 1) {
      // When the rest of a full direction comes is a kernel's own affair.
      if (descriptor.in.isFilled) return;
      descriptor.in.isReaderShut = true;
    }
    if (how !== 0) descriptor.out.isWriterShut = true;
    const name = ['reading', 'writing', 'both'][how] ?? '';
    const number = [SHUT_RD, SHUT_WR, SHUT_RDWR][how] as number;
    const what = `shutdown ${this.#nameOf(descriptor)} ${name}`;
    this.#same(what, ({ kernel }, index) => kernel.shutdown(fds[index], number));
  }

  #error({ fds, kind, id }: Descriptor): void {
    if (kind === 'pipe' || kind === 'eventfd') return;
    const values = [new Int32Array(1), new Int32Array(1)] as const;
    const what = `error of ${kind} ${id}`;
    this.#same(what, ({ kernel }, index) => {
      const result = kernel.getsockopt(fds[index], SOL_SOCKET, SO_ERROR, values[index]);
      return result < 0 ? result : -(values[index][0] ?? 0);
    });
  }

  #names(descriptor: Descriptor): void {
    const { fds } = descriptor;
    const slot = new Uint8Array(native.addressSlotSize);
    const what = `names of ${this.#nameOf(descriptor)}`;
    this.#same(what, ({ kernel }, index) => kernel.getpeername(fds[index], slot));
    this.#same(what, ({ kernel }, index) => {
      const result = kernel.getsockname(fds[index], slot.fill(0));
      return result < 0 ? result : native.addressKind(slot);
    });
  }

  #dup(descriptor: Descriptor): void {
    if (this.#open.length >= DESCRIPTORS_MAX) return;
    const { fds } = descriptor;
    const what = `dup ${this.#nameOf(descriptor)}`;
    const numbers = this.#call(what, ({ kernel }, index) => kernel.dup(fds[index]));
    const copy = this.#add(numbers, descriptor.kind);
    Object.assign(copy, { ...descriptor, fds: numbers, id: copy.id });
  }

  #close(descriptor: Descriptor): void {
    const { fds } = descriptor;
    this.#real.unwatch(fds[0]);
    this.#open.splice(this.#open.indexOf(descriptor), 1);
    this.#same(`close ${this.#nameOf(descriptor)}`, ({ kernel }, index) =>
      kernel.close(fds[index]),
    );
  }

  #control(descriptor: Descriptor, { name, value, other }: Operation): void {
    const { fds, id } = descriptor;
    const trigger = value >> 4;
    const interest = other & 15;
    const asked = `${readinessNames(interest as Interest)}, ${TRIGGERS[trigger] ?? ''}`;
    const what = `${name} ${this.#nameOf(descriptor)} ${name === 'remove' ? '' : asked}`;
    const result = this.#same(what, ({ poller: { handle } }, index) => {
      const fd = fds[index];
      if (name === 'add') return handle.add(fd, id, 1, interest, trigger, 0);
      return name === 'modify' ? handle.modify(fd, id, 1, interest, trigger) : handle.remove(fd);
    });
    if (result === 0 && name !== 'remove') this.#watched.set(id, { descriptor, interest, trigger });
  }

  #wait(): void {
    this.#settle();
    const reports = this.#sides.map(({ poller }) => poller.wait()) as [Reports, Reports];
    const ids = new Set([...reports[0].keys(), ...reports[1].keys()]);
    for (const id of [...ids].sort((a, b) => a - b)) {
      const [real, simulated] = reports.map((report) => report.get(id) ?? 0) as [number, number];
      this.#note(`  ${id} is ${readinessNames(real as Readiness)}`);
      if (real === simulated || this.#mayDiffer(id, real, simulated)) continue;
      this.#differ(
        `${id} is ${readinessNames(real as Readiness)}, not ${readinessNames(simulated as Readiness)}`,
      );
    }
    this.#failedWriters.clear();
  }

  // Whatever takes memory of a Unix socket and gives it back is an edge of its room, though it had some; that the
  // peer has acknowledged the end is an edge, some time later; and when a direction that was filled has edges
  // is a kernel's own affair.
  #mayDiffer(id: number, real: number, simulated: number): boolean {
    const { descriptor, interest, trigger } = this.#watched.get(id) as Watch;
    const isFilled = descriptor.in?.isFilled === true || descriptor.out?.isFilled === true;
    if (isFilled) {
      // One of them has reported what the other one has not: from here on they are not the same.
      const isLevel = TRIGGERS[trigger] === 'level' && interest !== Interest.None;
      this.#isApart ||= !isLevel;
      return !isLevel || ((real ^ simulated) & ~Readiness.Writable) === 0;
    }
    const isEdge = (TRIGGERS[trigger] ?? '').startsWith('edge');
    const { kind, out } = descriptor;
    const mayBeOfRoom = kind === 'unix-datagram' || this.#failedWriters.has(descriptor.fds[1]);
    const isOfRoom = mayBeOfRoom && (real & Readiness.Writable) !== 0;
    const isOfEnd = kind === 'tcp' && out?.isWriterShut === true;
    if (!isEdge || simulated !== 0 || !(isOfRoom || isOfEnd)) return false;
    // Both look again, as one of them has reported it.
    for (const [index, { poller }] of this.#sides.entries()) {
      const fd = descriptor.fds[index] as number;
      // A ghost cannot be: from here on the two are not the same.
      this.#isApart ||= poller.handle.modify(fd, id, 1, interest, trigger) < 0;
      poller.wait();
    }
    return true;
  }
}

const oneIn8 = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

function nameOf(result: number): string {
  return result < 0 ? errnoName(result) : `${result}`;
}

function pollNames(bits: number): string {
  const names = Object.entries(Poll).flatMap(([name, bit]) => ((bits & bit) === 0 ? [] : [name]));
  return names.join('|') || 'nothing';
}
