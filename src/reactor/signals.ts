// Signals as events of a reactor, by libuv (native/addon/signal_wrap.cc has the reasons): beside
// process.on, child_process and other reactors, on any thread.
import { constants } from 'node:os';
import { check, EdgewiseError, invalidValue } from '../errors.ts';
import { type NativeSignals, native } from '../native.ts';
import { hasHostLoop } from './driver.ts';

/** Receives a signal of `reactor.onSignal`, in a turn of the reactor, not in the signal's context. */
export type SignalHandler = (name: NodeJS.Signals, signum: number) => void;

/** A handler of a signal, until it is closed. It does not keep its reactor alive. */
export interface SignalSubscription extends Disposable {
  /** Ends it: the handler is not called again. Does nothing the second time. */
  close(): void;
}

const NUMBERS: Readonly<Record<string, number>> = constants.signals;
const BITS_PER_BYTE = 8;

/** @throws TypeError - ERR_INVALID_ARG_VALUE: no signal of that name here. */
export function signalNumber(name: unknown): number {
  const isKnown = typeof name === 'string' && Object.hasOwn(NUMBERS, name);
  if (isKnown) return NUMBERS[name] as number;
  throw invalidValue('signal', "the name of a signal, such as 'SIGTERM'", name);
}

/** The signals of one reactor. */
export class Signals {
  readonly #native: NativeSignals;
  readonly #handlers = new Map<number, Set<SignalEntry>>();
  readonly #pending = new Uint8Array(8);

  /**
   * @throws EdgewiseError - ERR_DRIVER_UNAVAILABLE: no libuv. ErrnoError - EMFILE, ENFILE.
   */
  constructor() {
    if (!hasHostLoop) {
      const text = 'signals need the libuv of Node.js; here there is process.on';
      throw new EdgewiseError('ERR_DRIVER_UNAVAILABLE', text);
    }
    this.#native = new native.NativeSignals();
    check(this.#native.open(), 'pipe');
  }

  /** The descriptor to watch for reading, level-triggered; call `deliver` when it is ready. */
  get fd(): number {
    return this.#native.descriptor();
  }

  /**
   * @throws TypeError - ERR_INVALID_ARG_VALUE: no signal of that name here.
   * @throws ErrnoError - EINVAL: SIGKILL or SIGSTOP.
   */
  subscribe(name: NodeJS.Signals, handler: SignalHandler): SignalSubscription {
    const signum = signalNumber(name);
    check(this.#native.add(signum), 'sigaction');
    const entry = new SignalEntry(this, name, signum, handler);
    const entries = this.#handlers.get(signum);
    if (entries === undefined) this.#handlers.set(signum, new Set([entry]));
    else entries.add(entry);
    return entry;
  }

  /** @internal */
  unsubscribe(entry: SignalEntry): void {
    const entries = this.#handlers.get(entry.signum);
    if (!entries?.delete(entry) || entries.size > 0) return;
    this.#handlers.delete(entry.signum);
    this.#native.remove(entry.signum);
  }

  /** Calls the handlers of the signals that came since the last time, each after `onSignal`. */
  deliver(onError: (error: unknown) => void, onSignal: (signum: number) => void): void {
    this.#native.take(this.#pending);
    for (let signum = 1; signum <= this.#pending.length * BITS_PER_BYTE; signum++) {
      const byte = this.#pending[(signum - 1) >> 3] as number;
      if ((byte & (1 << ((signum - 1) & 7))) === 0) continue;
      onSignal(signum);
      for (const entry of [...(this.#handlers.get(signum) ?? [])]) entry.call(onError);
    }
  }

  /** Ends all subscriptions. The dispositions from before come back with the last of the process. */
  close(): void {
    this.#handlers.clear();
    this.#native.close();
  }
}

class SignalEntry implements SignalSubscription {
  readonly signum: number;
  readonly #owner: Signals;
  readonly #name: NodeJS.Signals;
  readonly #handler: SignalHandler;
  #isOpen = true;

  constructor(owner: Signals, name: NodeJS.Signals, signum: number, handler: SignalHandler) {
    this.#owner = owner;
    this.#name = name;
    this.signum = signum;
    this.#handler = handler;
  }

  call(onError: (error: unknown) => void): void {
    if (!this.#isOpen) return; // an earlier handler of the same signal closed it
    try {
      this.#handler(this.#name, this.signum);
    } catch (error) {
      onError(error);
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#owner.unsubscribe(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
