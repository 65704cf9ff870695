// A socket from socket(2) to its close: fresh, bound, listening, connecting, connected, or for datagrams. What
// it does is socket(7), tcp(7), udp(7), unix(7); its partners are found by src/testing/kernel/network.ts.
import { constants } from 'node:os';
import { constants as names } from '../../sys/constants.ts';
import type { Address } from './address.ts';
import {
  type Activity,
  changing,
  type OpenFile,
  type PassedFile,
  Poll,
  Watchers,
} from './open-file.ts';
import { ROOM_MAX, type StreamEnd } from './stream.ts';

const { EAGAIN, ECONNRESET, EINVAL, ENOTCONN, EPIPE } = constants.errno;
const { In, Out, Error: Failed, HangUp, ReadHangUp } = Poll;

/** Datagrams that a Unix socket keeps, and one more. unix(7), max_dgram_qlen. */
const UNIX_DATAGRAMS = 10;

/** A datagram that has arrived. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Address;
  /** What was passed with it (SCM_RIGHTS). */
  readonly files: readonly PassedFile[];
  /** The Unix socket whose memory it is until it is taken. */
  readonly sender?: Socket | undefined;
}

/** What a listening socket has. */
export interface Listening {
  readonly backlog: number;
  /** Connections that are complete, and wait to be accepted. */
  readonly queue: Socket[];
}

/** One socket. */
export class Socket implements OpenFile {
  readonly kind = 'socket';
  readonly watchers = new Watchers();
  readonly domain: number;
  readonly isStream: boolean;
  isNonBlocking: boolean;
  local: Address;
  remote: Address | undefined;
  /** What setsockopt has set, by level and option. */
  readonly options = new Map<string, Int32Array>();
  listening: Listening | undefined;
  stream: StreamEnd | undefined;
  /** Of a connected Unix socket for datagrams. */
  peer: Socket | undefined;
  /** Datagrams that have arrived. */
  readonly datagrams: Datagram[] = [];
  /** connect(2) is under way. */
  isConnecting = false;
  /** It has failed, and no other call of it has been made. */
  isRefused = false;
  /** It has succeeded since it returned EINPROGRESS. */
  isUnconfirmed = false;
  /** It can never connect again. */
  isSpoilt = false;
  isReleased = false;
  /** Its port was asked for, and stays when its connection is over. */
  isBound = false;
  /** Unix sockets whose datagrams come here. */
  readonly senders = new Set<Socket>();
  /** errno of a connect that has failed, or of a datagram; 0: none. */
  error = 0;
  /** Undoes what the network knows of it. */
  onRelease: () => void = () => undefined;

  constructor(domain: number, isStream: boolean, isNonBlocking: boolean, local: Address) {
    this.domain = domain;
    this.isStream = isStream;
    this.isNonBlocking = isNonBlocking;
    this.local = local;
  }

  get isUnix(): boolean {
    return this.domain === names.AF_UNIX;
  }

  /** Datagrams of those that it is not connected to find no room any more. */
  get isCrowded(): boolean {
    return this.datagrams.length > UNIX_DATAGRAMS;
  }

  /** Of all datagrams that have arrived. */
  get datagramBytes(): number {
    return this.datagrams.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Whether an option that is a flag is set. */
  hasOption(level: number, option: number): boolean {
    return (this.options.get(`${level} ${option}`)?.[0] ?? 0) !== 0;
  }

  poll(): number {
    if (this.listening !== undefined) return this.listening.queue.length > 0 ? In : 0;
    if (this.stream !== undefined) return this.stream.poll();
    const failed = this.error === 0 ? 0 : Failed;
    if (!this.isStream) {
      return (this.#hasRoom ? Out : 0) | failed | (this.datagrams.length > 0 ? In : 0);
    }
    if (this.isConnecting) return 0;
    return this.isRefused ? failed | In | Out | ReadHangUp | HangUp : Out | HangUp | failed;
  }

  /** Does something that poll may report. */
  changing(activity: Activity, change: () => void): void {
    changing(this, activity, change);
  }

  read(into: Uint8Array): number {
    return into.length === 0 ? 0 : this.receive(into, false);
  }

  write(bytes: Uint8Array): number {
    if (this.stream !== undefined) return this.stream.write(bytes);
    if (this.isUnix) return -ENOTCONN;
    if (this.isConnecting) return -EAGAIN;
    return this.error === 0 ? -EPIPE : -this.takeError();
  }

  unread(): number {
    return this.stream?.unread ?? 0;
  }

  /** What cannot be written says so in `write`. */
  room(): number {
    return this.stream?.room ?? ROOM_MAX;
  }

  peek(into: Uint8Array): number {
    return this.receive(into, true);
  }

  /** recv(2) of a stream, or of one datagram. */
  receive(into: Uint8Array, isPeek: boolean): number {
    if (this.stream !== undefined) return this.stream.read(into, isPeek);
    if (!this.isStream) {
      const datagram = this.receiveDatagram(isPeek);
      if (typeof datagram === 'number') return datagram;
      const part = datagram.bytes.subarray(0, into.length);
      into.set(part);
      return part.length;
    }
    if (this.isUnix) return -EINVAL;
    if (this.isConnecting) return -EAGAIN;
    if (this.error !== 0) return -this.takeError();
    return this.isRefused ? 0 : -ENOTCONN;
  }

  /** The next datagram, or -errno. */
  receiveDatagram(isPeek: boolean): Datagram | number {
    if (this.error !== 0) return -this.takeError();
    const [datagram] = this.datagrams;
    if (datagram === undefined) return -EAGAIN;
    if (isPeek) return datagram;
    this.#takingFromQueue(() => this.datagrams.splice(0, 1));
    return datagram;
  }

  /** A datagram arrives. */
  accept(datagram: Datagram): void {
    this.changing('data', () => this.datagrams.push(datagram));
  }

  /** Whether datagrams of an address are for it: a connected socket takes none of others. */
  takesFrom(from: Address): boolean {
    return this.remote === undefined || this.remote.text === from.text;
  }

  /** A Unix socket for datagrams gets another partner, or none. What had come is lost with the old one. */
  connectTo(peer: Socket | undefined): void {
    const old = this.peer;
    old?.senders.delete(this);
    peer?.senders.add(this);
    this.peer = peer;
    this.remote = peer?.local;
    if (old === undefined || old === peer || this.datagrams.length === 0) return;
    this.#takingFromQueue(() => {
      const dropped = this.datagrams.splice(0);
      dropAll(dropped);
      return dropped;
    });
    if (old.isReleased || old.peer !== this) return;
    old.changing('state', () => {
      old.error = ECONNRESET;
    });
  }

  /** Whether a datagram of a Unix socket finds room at its receiver, which may be itself. */
  hasRoomFor(from: Socket, count: number, limit: number): boolean {
    if (this !== from && this.peer !== from) return !this.isCrowded;
    return this.datagrams.length === 0 || this.datagramBytes + count <= limit;
  }

  /** It is one end of a connected stream. */
  attach(stream: StreamEnd): void {
    this.stream = stream;
    const linger = this.options.get(`${names.SOL_SOCKET} ${names.SO_LINGER}`);
    if (linger !== undefined) this.setLinger(linger);
  }

  /** @param linger - as struct linger has it. */
  setLinger(linger: Int32Array): void {
    if (this.stream !== undefined) {
      this.stream.resetsOnClose = linger[0] !== 0 && linger[1] === 0;
    }
  }

  /** The pending error, which is gone with this. */
  takeError(): number {
    if (this.stream !== undefined) return this.stream.takeError();
    const { error } = this;
    this.error = 0;
    return error;
  }

  release(): void {
    this.isReleased = true;
    this.onRelease();
    this.stream?.release();
    this.peer?.senders.delete(this);
    dropAll(this.datagrams.splice(0));
    for (const waiting of this.listening?.queue.splice(0) ?? []) waiting.stream?.reset();
  }

  // Those that send here find room again; whose memory is given back is woken, connected or not (unix_write_space).
  #takingFromQueue(take: () => readonly Datagram[]): void {
    const before = new Map([...this.senders].map((sender) => [sender, sender.poll()]));
    const givenBack = new Set(take().map(({ sender }) => sender));
    for (const sender of givenBack) {
      if (sender !== undefined && !before.has(sender)) before.set(sender, sender.poll());
    }
    for (const [sender, poll] of before) {
      const gained = sender.poll() & ~poll;
      if (gained !== 0 || givenBack.has(sender)) sender.watchers.notify('space', gained);
    }
  }

  get #hasRoom(): boolean {
    const { peer } = this;
    return peer === undefined || peer.peer === this || !peer.isCrowded;
  }
}

function dropAll(datagrams: readonly Datagram[]): void {
  for (const { files } of datagrams) for (const file of files) file.drop();
}
