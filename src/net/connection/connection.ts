// An established stream connection (TCP or Unix): its life, and what comes. It reads into the
// thread's one buffer. The sending side is in sending-socket.ts, its clock in timed-socket.ts; everything
// that connections have in common is in their group (group.ts).
import { constants as os } from 'node:os';
import { errnoError } from '../../errors.ts';
import { READ_SIZE, readMemory, readView, receive } from '../../flow/read-memory.ts';
import { Interest, Readiness } from '../../poller/interest.ts';
import type { Reactor } from '../../reactor/reactor.ts';
import type { Registration } from '../../reactor/registration.ts';
import { deliverRights, receiveWithRights, takeRights } from '../socket/descriptor-passing.ts';
import type { Pump } from './driver.ts';
import { LingeringSocket } from './lingering.ts';
import { cannotTravel, type Luggage, TRAVELLING } from './snapshot.ts';
import { State } from './state.ts';
import { TimedSocket } from './timed-socket.ts';
import type { ZeroCopy } from './zero-copy.ts';

const { EAGAIN, EINTR } = os.errno;

/**
 * One connection. It owns its descriptor.
 *
 * Errors of the peer and of the network end the connection and arrive at the `close` handler. No
 * method throws them; those that ask the socket, or are given a descriptor, throw what they say.
 */
export class Connection<Data = unknown> extends TimedSocket {
  /** What the user keeps with it. */
  data: Data | undefined = undefined;
  #pump: Pump | undefined = undefined;

  /** @internal */
  get reactor(): Reactor {
    return this.group.reactor;
  }

  /** @internal */
  get trigger(): 'level' | 'edge' {
    return this.group.settings.trigger;
  }

  get isPaused(): boolean {
    return (this.state & State.Paused) !== 0;
  }

  /** Whether the peer has ended its side. */
  get isReadEnded(): boolean {
    return (this.state & State.ReadEnded) !== 0;
  }

  /**
   * @internal the descriptor is connected: `fd` belongs to the connection from here on
   *
   * @param adopted - called in place of `open`: it was unpacked here.
   */
  establish(fd: number, adopted?: () => void): void {
    this.setFd(fd);
    const group = this.group;
    const { trigger, idleTimeoutMs } = group.settings;
    try {
      this.registered = group.reactor.watch<Connection<Data>>({
        fd,
        interest: this.#wantedInterest(~State.Connecting),
        trigger,
        handler: group,
        data: this,
        isExclusive: false,
        scope: group.scope,
      });
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (this.is(State.Unreferenced)) this.registered.unref();
    this.state &= ~State.Connecting;
    group.add(this);
    if (idleTimeoutMs > 0 && adopted === undefined && this.idleMs === undefined)
      this.setTimeout(idleTimeoutMs);
    try {
      this.#pump?.onOpen?.();
      if (adopted === undefined) group.handlers.open?.(this);
      else adopted();
    } finally {
      if (!this.isFlushed || this.is(State.Ending)) this.flush();
      if (adopted !== undefined && this.is(State.ReadEnded)) this.#followReadEnd();
    }
  }

  /**
   * @internal lets `pump` read and write from here on in place of the handlers; what was written
   * before leaves first. `undefined` gives the connection back to them.
   */
  divert(pump: Pump | undefined): void {
    this.#pump = pump;
    this.updateInterest();
  }

  /** @internal to be charged and re-queued by the pump: of a connected one only */
  get registration(): Registration<Connection<Data>> {
    return this.registered as Registration<Connection<Data>>;
  }

  /** @internal */
  protected override onDrain(): void {
    if (this.#pump === undefined) this.group.handlers.drain?.(this);
    else this.#pump.onDrain?.();
  }

  /** @internal */
  protected override get isStream(): boolean {
    return this.#pump?.isUnlimited === true;
  }

  /** @internal whether a pump reads and writes it */
  get isDiverted(): boolean {
    return this.#pump !== undefined;
  }

  /** @internal the pump has read the peer's end */
  endRead(): void {
    this.#onReadEnd();
  }

  /**
   * @internal reads what has come, past the handlers.
   *
   * @returns as recv(2): 0 at the end, which is then known; -EAGAIN: nothing there. After any other
   *   error the connection is closed with it.
   * @throws TypeError - `memory` cannot be read into.
   */
  receive(memory: Uint8Array): number {
    return this.#receive(memory, false); // descriptors that come are dropped by the kernel
  }

  #receive(memory: Uint8Array, takesDescriptors: boolean): number {
    for (;;) {
      const result = takesDescriptors
        ? receiveWithRights(this.fd, memory)
        : receive(this.fd, memory);
      if (result > 0) {
        this.bytesRead += result;
      } else if (result === 0) {
        this.#onReadEnd();
      } else if (result === -EINTR) {
        continue;
      } else if (result !== -EAGAIN) {
        this.destroy(errnoError(result, 'recv', { fd: this.fd }));
      } else if (this.is(State.WriteFailed)) {
        this.destroy();
      }
      return result;
    }
  }

  /** @internal has the pump called in the next turn */
  requeue(readiness: Readiness): void {
    if (this.registered?.isClosed === false) this.registered.requeue(readiness);
  }

  /** @internal what the pump is interested in has changed */
  override updateInterest(): void {
    const registration = this.registered;
    if (registration === undefined || registration.isClosed) return;
    registration.setInterest(this.#wantedInterest());
  }

  /** Stops reading: the kernel's buffers fill, and the peer is slowed down. */
  pause(): void {
    this.state |= State.Paused;
    this.updateInterest();
  }

  /** Reads again. */
  resume(): void {
    this.state &= ~State.Paused;
    this.updateInterest();
    if (this.is(State.WriteFailed) && !this.isClosed) this.registered?.requeue();
  }

  /** Closes at once; what was not sent is lost. `error` reaches the `close` handler. */
  override destroy(error?: Error): void {
    if (this.isClosed) return;
    const wasOpen = this.registered !== undefined;
    this.state =
      (this.state | State.Closed) & ~(State.Connecting | State.Corked | State.NeedsDrain);
    this.error = error ?? this.error;
    this.registered?.close();
    if (this.zeroCopy?.holdsMemory === true) this.#linger(this.zeroCopy);
    else this.closeFd();
    this.discardOutgoing();
    this.clearTimer();
    this.#pump?.onClosed(this.error);
    this.group.onClosed(this, wasOpen);
  }

  #linger(zeroCopy: ZeroCopy): void {
    new LingeringSocket(this.releaseFd(), zeroCopy, this.group, !this.is(State.Unreferenced));
  }

  /**
   * @internal gives the descriptor and what belongs to it away; it is closed here.
   *
   * @throws EdgewiseError - ERR_CLOSED, ERR_HANDED_OVER. ERR_HANDOVER_FAILED: something cannot go
   *   along; nothing has changed.
   */
  pack(): Luggage & { fd: number } {
    if (this.isClosed) throw this.closedError;
    if (this.isConnecting) throw cannotTravel('it is connecting');
    if (this.isDiverted) throw cannotTravel('it is relayed');
    if (this.is(State.Closing | State.WriteFailed)) throw cannotTravel('it is being closed');
    if (this.zeroCopy?.holdsMemory === true) throw cannotTravel('the kernel holds its memory');
    const unsent = this.outgoing.copy();
    if (unsent === undefined) throw cannotTravel('what waits to be sent is not plain bytes');
    const { bytesRead, bytesWritten, idleMs = 0 } = this;
    const luggage = { state: this.state & TRAVELLING, unsent, idleMs, bytesRead, bytesWritten };
    this.registered?.close();
    this.clearTimer();
    this.discardOutgoing();
    this.state = (this.state | State.Closed | State.HandedOver) & ~State.Corked;
    this.group.release(this);
    return { fd: this.releaseFd(), ...luggage };
  }

  /** @internal what was packed on another thread; to be established then */
  unpack({ state, unsent, idleMs, bytesRead, bytesWritten }: Luggage): void {
    this.state |= state;
    this.bytesRead = bytesRead;
    this.bytesWritten = bytesWritten;
    if (unsent.length > 0) this.ownOutgoing().append(unsent);
    this.setTimeout(idleMs);
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.state &= ~State.Unreferenced;
    this.registered?.ref();
    return this;
  }

  /** Lets the reactor end although the connection is open. */
  unref(): this {
    this.state |= State.Unreferenced;
    this.registered?.unref();
    return this;
  }

  /** @internal write first, then read, then mind what is closed: docs/semantics.md */
  onReady(readiness: Readiness): void {
    if ((readiness & Readiness.Error) !== 0)
      this.zeroCopy?.onError(this.registered as Registration);
    if ((readiness & Readiness.Writable) !== 0) {
      if (!this.isFlushed) this.flush();
      this.tellDrain();
    }
    if (this.isClosed) return;
    if (this.#pump !== undefined) this.#runPump(this.#pump, readiness);
    else if ((readiness & Readiness.Readable) !== 0) this.#read();
    else if ((readiness & Readiness.Error) !== 0) this.failWithPendingError();
  }

  // After a failed write a stream reads what had come before. When nobody reads it, it ends with the
  // error as a paused connection does.
  #runPump(pump: Pump, readiness: Readiness): void {
    const { bytesRead } = this;
    pump.onReady(readiness);
    if (!this.is(State.WriteFailed) || !this.isStream || this.isClosed) return;
    if (this.bytesRead === bytesRead) this.destroy();
    else this.requeue(Readiness.Readable | Readiness.Error);
  }

  #read(): void {
    const registration = this.registered as Registration;
    const { handlers, settings } = this.group;
    const { receivesDescriptors } = settings;
    const isLevel = registration.trigger === 'level';
    // Level: once, and again only after a read that has filled the memory, so that bulk takes fewer
    // waits. Edge: until would-block, since a short read does not prove that all is read. It stops
    // at an urgent mark (tcp(7)) and behind descriptors that were sent along (unix(7)).
    while ((this.state & (State.Paused | State.ReadEnded | State.Closed)) === 0) {
      const result = this.#receive(readMemory(), receivesDescriptors);
      if (result <= 0) return;
      if (receivesDescriptors) this.#deliver(readView(result));
      else handlers.data?.(this, readView(result));
      if (this.isClosed || this.#pump !== undefined) return; // a pump reads from here on
      if (this.is(State.WriteFailed)) registration.requeue(Readiness.Readable);
      if (isLevel && result < READ_SIZE) return;
      if (!registration.charge(result)) return;
    }
  }

  #deliver(bytes: Buffer): void {
    const { handlers } = this.group;
    const rights = takeRights();
    if (rights === undefined) handlers.data?.(this, bytes);
    else deliverRights(this, handlers, rights, bytes);
  }

  #onReadEnd(): void {
    this.state |= State.ReadEnded;
    const isOwn = this.#pump === undefined; // a pump decides for itself when to end our side
    try {
      if (isOwn && !this.is(State.WriteFailed)) this.group.handlers.end?.(this);
    } finally {
      this.#followReadEnd();
    }
  }

  #followReadEnd(): void {
    if (this.#pump === undefined && !this.group.settings.allowHalfOpen) this.end();
    if (this.is(State.WriteShut)) this.destroy();
    else this.updateInterest();
  }

  #wantedInterest(mask = -1): Interest {
    const state = this.state & mask;
    if ((state & State.Connecting) !== 0) return Interest.None;
    const reads = this.#pump?.interest ?? this.#readInterest(state);
    const hasWork = !this.isFlushed || (state & State.NeedsDrain) !== 0;
    return reads | (hasWork && (state & State.Corked) === 0 ? Interest.Writable : Interest.None);
  }

  #readInterest(state: number): Interest {
    return (state & (State.Paused | State.ReadEnded)) === 0 ? Interest.Readable : Interest.None;
  }

  /** @internal */
  protected override onIdle(): void {
    this.group.handlers.timeout?.(this);
  }

  /** @internal */
  protected override tellLater(callback: () => void): void {
    this.group.tellLater(callback);
  }
}
