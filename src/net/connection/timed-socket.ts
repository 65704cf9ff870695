// The clock of a connection: the idle time-out, and the deadline of a graceful close.
import type { Timer } from '../../reactor/timers/timer.ts';
import { checkInteger } from '../../validate.ts';
import { SendingSocket } from './sending-socket.ts';
import { State } from './state.ts';

/** A stream socket that looks at the time: see {@link Connection}. */
export abstract class TimedSocket extends SendingSocket {
  bytesRead = 0;
  /** @internal the idle time-out in milliseconds; 0: none, undefined: nobody has set one */
  protected idleMs: number | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #bytesSeen = 0; // by the idle timer: read and written until then

  /** Ends this side, and closes at the latest after `timeoutMs` milliseconds (from 0). */
  closeGracefully(timeoutMs: number): void {
    checkInteger('timeoutMs', timeoutMs, 0, 0x7fffffff);
    if (this.isClosed) return;
    this.end();
    if (this.isClosed) return;
    this.setTimeout(0);
    this.#timer?.clear(); // of an earlier call
    this.state |= State.Closing;
    this.#timer = this.group.setTimer(() => this.destroy(), timeoutMs);
  }

  /**
   * Calls the `timeout` handler when nothing was received or sent for that long. The wheel's timer
   * is set once and looks back when it fires: a message costs nothing, and the handler is
   * called after once to twice that time. Has no effect after `closeGracefully`.
   *
   * @param idleMs - milliseconds; 0 ends it.
   */
  setTimeout(idleMs: number): void {
    checkInteger('idleMs', idleMs, 0, 0x7fffffff);
    if (this.is(State.Closing | State.Closed)) return;
    this.#timer?.clear();
    this.#timer = undefined;
    this.idleMs = idleMs;
    if (idleMs === 0) return;
    this.#bytesSeen = this.bytesRead + this.bytesWritten;
    this.#timer = this.group.setTimer(() => this.#onIdleTimer(), idleMs).unref();
  }

  /** @internal */
  protected clearTimer(): void {
    this.#timer?.clear();
  }

  /** @internal nothing was received or sent for `idleMs` */
  protected abstract onIdle(): void;

  #onIdleTimer(): void {
    const bytes = this.bytesRead + this.bytesWritten;
    const isIdle = bytes === this.#bytesSeen;
    this.#bytesSeen = bytes;
    this.#timer?.refresh(); // first: the handler may set another one, or throw
    if (isIdle) this.onIdle();
  }
}
