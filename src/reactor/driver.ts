// What calls the turn: the caller by hand (`turn`), or the loop of the host (`attach`, `run`). The
// reactor declares what a driver drives; the native sides are native/addon/loop_driver.cc, for the
// loop of Node, and native/addon/thread_driver.cc, for that of any host.
import { constants } from 'node:os';
import { check, EdgewiseError, errnoError } from '../errors.ts';
import {
  type NativeLoopDriver,
  type NativePoller,
  type NativeThreadDriver,
  native,
} from '../native.ts';

/**
 * How a reactor lives inside the loop of its host. `inverted`: Node's loop waits in our poller, its
 * own descriptor beside ours; one per thread, the fastest one. `nested`: our poller's descriptor is
 * in Node's loop; each wake-up costs two waits. `thread`: a thread waits for our poller and wakes
 * the host's loop, which may be another than Node's (Bun, Deno); each wake-up costs two switches of
 * threads.
 */
export type DriverMode = 'inverted' | 'nested' | 'thread';

const EBUSY = -constants.errno.EBUSY;
const ENOTSUP = -constants.errno.ENOTSUP;
/** By their numbers for the loop of libuv. */
const LOOP_MODES: readonly DriverMode[] = ['inverted', 'nested'];

/**
 * Marks `process`, of which each thread has its own, while an inverted driver is attached, so that
 * another copy of this package sees it: the idle handle of each would keep the other from blocking.
 */
const INVERTED: unique symbol = Symbol.for('edgewise.inverted');
const thread = process as NodeJS.Process & { [INVERTED]?: boolean };

/** Whether the host has libuv's loop. Bun and Deno abort the process when its symbols are called. */
export const hasHostLoop: boolean =
  process.versions.bun === undefined && process.versions.deno === undefined;

/** What this host has, the fastest first. */
export const DRIVER_MODES: readonly DriverMode[] = hasHostLoop
  ? ['inverted', 'nested', 'thread']
  : ['thread'];

/** Whether `value` names a driver, of this host or another. */
export function isDriverMode(value: unknown): value is DriverMode {
  return value === 'thread' || LOOP_MODES.includes(value as DriverMode);
}

/** Drives one reactor from the loop of the host, from `attach` to `detach`. */
export class LoopDriver {
  readonly #poller: NativePoller;
  readonly #dispatch: (count: number) => void;
  #loop: NativeLoopDriver | undefined;
  #thread: NativeThreadDriver | undefined;
  #mode: DriverMode | undefined;

  /** @param dispatch - called once per batch with the count of records, or -errno. */
  constructor(poller: NativePoller, dispatch: (count: number) => void) {
    this.#poller = poller;
    this.#dispatch = dispatch;
  }

  /** The mode while attached. */
  get mode(): DriverMode | undefined {
    return this.#mode;
  }

  /** Attaches in the mode asked for; without one, in the fastest that is free here. */
  attach(wanted: DriverMode | undefined): void {
    const modes = wanted === undefined ? DRIVER_MODES : [wanted];
    let failed: { mode: DriverMode; result: number } | undefined;
    for (const mode of modes) {
      const result = this.#attach(mode);
      if (result >= 0) return;
      failed = { mode, result };
      if (result !== EBUSY && result !== ENOTSUP) break; // another would lack the same
    }
    const { mode, result } = failed as { mode: DriverMode; result: number };
    throw new EdgewiseError('ERR_DRIVER_UNAVAILABLE', `the ${mode} driver is unavailable here`, {
      cause: errnoError(result, 'attach'),
    });
  }

  /** Leaves the loop. Does nothing when not attached. */
  detach(): void {
    if (this.#mode === 'inverted') delete thread[INVERTED];
    this.#native?.detach();
    this.#mode = undefined;
  }

  /** Whether the driver keeps the loop, and so the process, alive. */
  setReferenced(isReferenced: boolean): void {
    this.#native?.setReferenced(isReferenced ? 1 : 0);
  }

  /**
   * After the deadline in the poller's memory was set, at the end of a turn or outside. A nested
   * driver hands it on to libuv, a thread to where it waits; an inverted one reads it before each wait.
   */
  plan(): void {
    if (this.#mode !== 'inverted') this.#native?.plan();
  }

  /** After the poller was rebuilt: what watches it from outside must watch the new description. */
  rewatch(): void {
    check(this.#native?.rewatch() ?? 0, 'uv_poll_start');
  }

  get #native(): NativeLoopDriver | NativeThreadDriver | undefined {
    if (this.#mode === undefined) return undefined;
    return this.#mode === 'thread' ? this.#thread : this.#loop;
  }

  #attach(mode: DriverMode): number {
    if (!DRIVER_MODES.includes(mode)) return ENOTSUP;
    if (mode === 'inverted' && thread[INVERTED] === true) return EBUSY;
    const result = mode === 'thread' ? this.#attachThread() : this.#attachLoop(mode);
    if (result < 0) return result;
    if (mode === 'inverted') thread[INVERTED] = true;
    this.#mode = mode;
    return result;
  }

  #attachLoop(mode: DriverMode): number {
    this.#loop ??= new native.NativeLoopDriver(this.#poller);
    return this.#loop.attach(LOOP_MODES.indexOf(mode), this.#dispatch);
  }

  #attachThread(): number {
    this.#thread ??= new native.NativeThreadDriver(this.#poller);
    return this.#thread.attach(this.#dispatch);
  }
}
