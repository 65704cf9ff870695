// One end of a connected byte stream, TCP's or of a Unix socket. Bytes wait in the sender's buffer until
// the network has carried them into the receiver's; how long that takes, and in which pieces, is the
// link's to say. tcp(7), unix(7); what a close with unread bytes, a write behind a reset and a
// half-closed end do is that of Linux.
import { constants } from 'node:os';
import type { TcpState } from '../../sys/tcpinfo.ts';
import { ByteQueue } from './byte-queue.ts';
import { Lane, type Segment, type Way } from './lane.ts';
import { type Link, SEGMENT } from './link.ts';
import { type Activity, changing, type OpenFile, type PassedFile, Poll } from './open-file.ts';
import { PassedFiles } from './passed-files.ts';

const { EAGAIN, ECONNRESET, ENOTCONN, EPIPE, ETIMEDOUT } = constants.errno;

/** After this a sender without a window looks again. tcp(7) */
const PROBE_NS = 2e8;
/** What comes behind a cut comes later: at the same moment no one would see the cut. */
const CUT_NS = 1e6;
/** More than a call asks for. */
export const ROOM_MAX: number = 2 ** 30;

const END: Segment = { kind: 'end', byteCount: 0 };
const RESET: Segment = { kind: 'reset', byteCount: 0 };

/** A number of bytes behind which a connection is reset. */
export interface ResetAfter {
  bytesLeft: number;
  readonly onReset: () => void;
}

/** Sizes of the buffers, in bytes. */
export interface BufferSizes {
  /** Of what was written and has not arrived. */
  readonly send: number;
  /** Of what has arrived and was not read. */
  readonly receive: number;
}

/** One end. */
export class StreamEnd {
  /** The other end; it outlives its descriptor, as bytes may be on their way. */
  peer!: StreamEnd;
  /** errno of what is wrong, until it was asked for; 0: nothing. */
  error = 0;
  /** SO_LINGER with no time: a close resets. */
  resetsOnClose = false;
  /** Of both ends; undefined: it is not to be reset. */
  resetAfter: ResetAfter | undefined;
  readonly #link: Link;
  readonly #lane: Lane;
  readonly #way: Way;
  readonly #sizes: BufferSizes;
  /** The socket that it is of. */
  readonly #file: OpenFile;
  readonly #incoming = new ByteQueue();
  readonly #outgoing = new ByteQueue();
  /** What comes with the bytes of `#incoming`; of Unix sockets only. */
  readonly #passed = new PassedFiles();
  #inFlight = 0;
  /** Bytes that were read, of which the peer does not know. */
  #hiddenRoom = 0;
  /** A read that finds nothing is at the end: the peer has ended, or it was shut down here. */
  #isReadShut = false;
  #isWriteShut = false;
  #isReset = false;
  /** What was sent last was not all that was ready. */
  #isCut = false;
  #isFinSent = false;
  #isFinReceived = false;
  #isReleased = false;

  constructor(link: Link, sizes: BufferSizes, file: OpenFile, way: Way) {
    this.#link = link;
    this.#way = way;
    this.#lane = new Lane(link, way, () => this.fail(ETIMEDOUT));
    this.#sizes = sizes;
    this.#file = file;
  }

  /** Bytes that can be read now. */
  get unread(): number {
    return this.#incoming.length;
  }

  /** Bytes that the peer's kernel does not have yet. */
  get unsent(): number {
    return this.#outgoing.length;
  }

  /** Of the way to the peer. */
  get latencyMs(): number {
    return this.#link.latencyMs;
  }

  /** Bytes that a write takes now, or as good as all where it says what is wrong. */
  get room(): number {
    if (this.#isWriteShut || this.error !== 0) return ROOM_MAX;
    return Math.max(this.#sizes.send - this.#buffered, 0);
  }

  /** TCP's state is CLOSED: both have ended, or one has reset it. */
  get isOver(): boolean {
    return this.#isReset || (this.#isFinReceived && this.peer.#isFinReceived);
  }

  /** The state of TCP (RFC 9293), which has no TIME-WAIT here. */
  get state(): TcpState {
    if (this.isOver) return 'closed';
    if (this.#isFinReceived) return this.#isWriteShut ? 'last-ack' : 'close-wait';
    if (!this.#isFinSent) return 'established';
    return this.peer.#isFinReceived ? 'fin-wait-2' : 'fin-wait-1';
  }

  /** One of the two has sent its last, or both have. */
  get isHalfClosed(): boolean {
    return this.#isReadShut || this.#isWriteShut;
  }

  /** Bits of {@link Poll}. */
  poll(): number {
    let bits = 0;
    if (this.#incoming.length > 0 || this.#isReadShut) bits |= Poll.In;
    if (this.#isReadShut) bits |= Poll.ReadHangUp;
    if (this.#isReadShut && this.#isWriteShut) bits |= Poll.HangUp;
    // A write that fails at once does not wait; a Unix socket looks only at the room.
    if (this.#isWritable || (this.#isWriteShut && !this.#link.isLocal)) bits |= Poll.Out;
    if (this.error !== 0) bits |= Poll.Error;
    return bits;
  }

  /** The pending error, which is gone with this. */
  takeError(): number {
    const { error } = this;
    this.error = 0;
    return error;
  }

  /** @returns bytes, 0: the end; or -errno. */
  read(into: Uint8Array, isPeek = false): number {
    if (this.#incoming.length > 0) return isPeek ? this.#incoming.peek(into) : this.#take(into);
    // Behind the peer's end a read finds the end, whatever was wrong later.
    if (this.#isFinReceived) return 0;
    if (this.error !== 0) return -this.takeError();
    return this.#isReadShut ? 0 : -EAGAIN;
  }

  /** The files that came with the bytes of the last read, whose they are now. */
  takePassed(): readonly PassedFile[] {
    return this.#passed.taken();
  }

  /** @returns bytes that found room, or -errno. */
  write(bytes: Uint8Array, files: readonly PassedFile[] = []): number {
    // A Unix socket keeps its error for a read.
    if (this.error !== 0 && !this.#link.isLocal) return -this.takeError();
    if (this.#isWriteShut) return -EPIPE;
    if (bytes.length === 0) return 0;
    const count = Math.min(bytes.length, this.room);
    if (count === 0) return -EAGAIN;
    if (files.length > 0) this.peer.#passed.put(files, count);
    else if (this.#link.isLocal) this.peer.#passed.skip(count);
    const part = bytes.subarray(0, count);
    if (this.#link.isLocal) this.peer.#changing('data', () => this.peer.#incoming.push(part));
    else {
      this.#outgoing.push(part);
      this.#transmit();
    }
    return count;
  }

  /** @see shutdown(2) */
  shutdown(reading: boolean, writing: boolean): number {
    if (!this.#link.isLocal && this.isOver) {
      this.#file.watchers.notify('state', 0); // Linux wakes those that wait for a hang-up
      return -ENOTCONN;
    }
    this.#shut(reading, writing);
    if (this.#link.isLocal) this.peer.#shut(writing, reading);
    else if (writing) this.#transmit();
    return 0;
  }

  /** Its descriptor was closed: what was written still goes out. */
  release(): void {
    const hasUnread = this.#incoming.length > 0;
    this.#incoming.clear();
    this.#passed.clear();
    this.#isReleased = true;
    if (this.#link.isLocal) {
      this.#isWriteShut = true;
      this.peer.#shut(true, true, hasUnread ? ECONNRESET : this.peer.error);
    } else if (!this.isOver && (hasUnread || this.resetsOnClose)) this.reset();
    else {
      this.#isWriteShut = true;
      this.#transmit();
    }
  }

  /** Ends the connection by RST. */
  reset(): void {
    if (this.#link.isLocal) {
      this.peer.fail(ECONNRESET);
      return;
    }
    this.#outgoing.clear();
    this.#isWriteShut = true;
    this.#isReadShut = true;
    this.#isReset = true;
    this.#lane.send(RESET, () => this.peer.#receiveReset());
  }

  /** What a connection that could not be made has, or a peer that has vanished. */
  fail(errno: number): void {
    this.#changing('state', () => {
      this.error = errno;
      this.#isReadShut = true;
      this.#isWriteShut = true;
      this.#isReset = true;
      this.#outgoing.clear();
    });
  }

  /** Has the connection reset when it has carried so many bytes more, both ways together. */
  resetBehind(resetAfter: ResetAfter): void {
    this.resetAfter = resetAfter;
    this.peer.resetAfter = resetAfter;
    if (resetAfter.bytesLeft > 0) return;
    this.#link.later(0, () => {
      if (!this.isOver) this.#resetAsAsked(resetAfter);
    });
  }

  #resetAsAsked({ onReset }: ResetAfter): void {
    onReset();
    this.cutOff('as asked for');
  }

  /** The network resets the connection: both ends get ECONNRESET. @param why - for the journal. */
  cutOff(why: string): void {
    this.#link.noteReset(this.#way, why);
    for (const end of [this, this.peer]) if (!end.isOver) end.fail(ECONNRESET);
  }

  get #isWritable(): boolean {
    // A third has to be free for TCP (sk_stream_is_writeable), three quarters of a Unix socket
    // (unix_writable), so that a slow peer does not wake us for each byte.
    const { send } = this.#sizes;
    const used = this.#buffered;
    return this.#link.isLocal ? used * 4 <= send : (send - used) * 3 >= send;
  }

  // A Unix socket's bytes count against the writer until they are read.
  get #buffered(): number {
    return this.#outgoing.length + (this.#link.isLocal ? this.peer.#incoming.length : 0);
  }

  get #window(): number {
    const { peer } = this;
    return peer.#sizes.receive - peer.#incoming.length - peer.#hiddenRoom - this.#inFlight;
  }

  #take(into: Uint8Array): number {
    if (this.#link.isLocal) {
      const count = this.#passed.take(Math.min(into.length, this.#incoming.length));
      // The memory of a write is given back as a whole.
      const isGivenBack = this.#incoming.firstLength <= count;
      const hadRoom = this.peer.#isWritable;
      const take = (): number => this.#incoming.take(into.subarray(0, count));
      if (isGivenBack || !hadRoom) this.peer.#makingRoom(take);
      else take();
      return count;
    }
    const count = this.#incoming.take(into);
    // One that was shut down does not say that there is room again: the peer finds it by a probe.
    if (this.#isReadShut) this.#hideRoom(count);
    else this.peer.#transmit();
    return count;
  }

  #hideRoom(count: number): void {
    this.#hiddenRoom += count;
    this.#link.later(PROBE_NS, () => {
      this.#hiddenRoom -= count;
      this.peer.#transmit();
    });
  }

  // As unix_write_space: it is reported where there is room enough.
  #makingRoom(take: () => void): void {
    const before = this.poll();
    take();
    if (this.#isWritable) this.#file.watchers.notify('space', this.poll() & ~before);
  }

  #changing(activity: Activity, change: () => void): void {
    changing(this.#file, activity, change);
  }

  #shut(reading: boolean, writing: boolean, error = this.error): void {
    this.#changing('state', () => {
      this.error = error;
      this.#isReadShut ||= reading;
      this.#isWriteShut ||= writing;
    });
  }

  // Sends as much as the receiver has room for, and the end behind the last of it.
  #transmit(): void {
    for (;;) {
      const ready = Math.min(this.#outgoing.length - this.#inFlight, this.#window, SEGMENT);
      const count = this.#link.segment(ready, this.#way);
      if (count <= 0) break;
      this.#inFlight += count;
      const gapNs = this.#isCut ? CUT_NS : 0;
      this.#isCut = count < ready;
      this.#lane.send({ kind: 'data', byteCount: count }, () => this.#arrive(count), gapNs);
    }
    const isAllSent = this.#outgoing.length === this.#inFlight;
    if (!this.#isWriteShut || !isAllSent || this.#isFinSent || this.#isReset) return;
    this.#isFinSent = true;
    this.#lane.send(END, () => {
      if (!this.#isReset) this.peer.#receiveEnd(); // otherwise what was before it is lost
    });
  }

  #arrive(sentCount: number): void {
    // What has ended by a reset acknowledges nothing: there is no new room until the reset comes.
    if (this.peer.#isReset) return;
    this.#inFlight -= sentCount;
    if (this.#isReset) return;
    if (this.#link.isReset()) {
      this.cutOff('by chance');
      return;
    }
    const { resetAfter } = this;
    const count = Math.min(sentCount, resetAfter?.bytesLeft ?? sentCount);
    if (resetAfter !== undefined) resetAfter.bytesLeft -= count;
    // Room is reported only to a writer that has found none.
    let bytes: Uint8Array = new Uint8Array();
    const take = (): void => {
      bytes = this.#outgoing.takeBytes(count);
    };
    if (this.#isWritable) take();
    else this.#changing('space', take);
    this.peer.#receive(bytes);
    if (resetAfter?.bytesLeft === 0) this.#resetAsAsked(resetAfter);
    else this.#transmit();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isReset) return;
    if (this.#isReleased) this.reset();
    else if (this.#isReadShut && this.#isWriteShut) this.#abort();
    else this.#changing('data', () => this.#incoming.push(bytes));
  }

  // Both ways were shut down here, and the peer sends on.
  #abort(): void {
    this.fail(ECONNRESET);
    this.#lane.send(RESET, () => this.peer.#receiveReset());
  }

  #receiveEnd(): void {
    if (this.#isReset) return; // it would have a read find an end in order
    this.#isFinReceived = true;
    this.#shut(true, false);
  }

  #receiveReset(): void {
    if (this.isOver) return;
    this.fail(this.#isFinReceived && !this.#isWriteShut ? EPIPE : ECONNRESET);
  }
}
