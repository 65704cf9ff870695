// What calls the turn: the caller by hand (`turn`), or Node's own loop (`attach`, `run`). The
// reactor declares what a driver drives; the native side is native/addon/loop_driver.cc.
import { constants } from 'node:os';
import { check, EdgewiseError, errnoError } from '../errors.ts';
import { type NativeLoopDriver, type NativePoller, native } from '../native.ts';

/**
 * How a reactor lives inside Node's loop. `inverted`: Node's loop waits in our poller, its own
 * descriptor beside ours; one per thread, the faster one. `nested`: our poller's descriptor is
 * in Node's loop; each wake-up costs two waits.
 */
export type DriverMode = 'inverted' | 'nested';

const EBUSY = -constants.errno.EBUSY;
const MODES: readonly DriverMode[] = ['inverted', 'nested'];

/**
 * Marks `process`, of which each thread has its own, while an inverted driver is attached, so that
 * another copy of this package sees it: the idle handle of each would keep the other from blocking.
 */
const INVERTED: unique symbol = Symbol.for('edgewise.inverted');
const thread = process as NodeJS.Process & { [INVERTED]?: boolean };

/** Whether the host has libuv's loop. Bun and Deno abort the process when its symbols are called. */
export const hasHostLoop: boolean =
  process.versions.bun === undefined && process.versions.deno === undefined;

/** Drives one reactor from Node's loop, from `attach` to `detach`. */
export class LoopDriver {
  readonly #native: NativeLoopDriver;
  readonly #dispatch: (count: number) => void;
  #mode: DriverMode | undefined;

  /** @param dispatch - called once per batch with the count of records, or -errno. */
  constructor(poller: NativePoller, dispatch: (count: number) => void) {
    if (!hasHostLoop) {
      throw new EdgewiseError(
        'ERR_DRIVER_UNAVAILABLE',
        'attach() and run() need the libuv loop of Node.js; here the caller drives: turn(timeoutMs)',
      );
    }
    this.#native = new native.NativeLoopDriver(poller);
    this.#dispatch = dispatch;
  }

  /** The mode while attached. */
  get mode(): DriverMode | undefined {
    return this.#mode;
  }

  /** Attaches in the mode asked for; without one, inverted, or nested where that is taken. */
  attach(wanted: DriverMode | undefined): void {
    let mode = wanted ?? 'inverted';
    let result = this.#attach(mode);
    if (result === EBUSY && wanted === undefined) {
      mode = 'nested';
      result = this.#attach(mode);
    }
    if (result >= 0) return;
    throw new EdgewiseError('ERR_DRIVER_UNAVAILABLE', `the ${mode} driver is unavailable here`, {
      cause: errnoError(result, 'attach'),
    });
  }

  /** Leaves Node's loop. Does nothing when not attached. */
  detach(): void {
    if (this.#mode === 'inverted') delete thread[INVERTED];
    this.#mode = undefined;
    this.#native.detach();
  }

  /** Whether the driver keeps Node's loop, and so the process, alive. */
  setReferenced(isReferenced: boolean): void {
    this.#native.setReferenced(isReferenced ? 1 : 0);
  }

  /**
   * After the deadline in the poller's memory was set, at the end of a turn or outside. A nested
   * driver hands it on to libuv; an inverted one reads it before each wait.
   */
  plan(): void {
    if (this.#mode === 'nested') this.#native.plan();
  }

  /** After the poller was rebuilt: a nested driver must watch the new description. */
  rewatch(): void {
    check(this.#native.rewatch(), 'uv_poll_start');
  }

  #attach(mode: DriverMode): number {
    if (mode === 'inverted' && thread[INVERTED] === true) return EBUSY;
    const result = this.#native.attach(MODES.indexOf(mode), this.#dispatch);
    if (result < 0) return result;
    if (mode === 'inverted') thread[INVERTED] = true;
    this.#mode = mode;
    return result;
  }
}
