// Signals as events of a reactor, by the self-pipe technique of native/core/signal_watch.h.
//
// Node installs its own handler at the first process.on('SIGTERM'), over ours, and takes it away
// with the last listener. So on the main thread we watch the listeners of `process` and put ours
// back in front each time; Node's is chained behind it.
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { check, invalidValue } from '../errors.ts';
import { type NativeSignals, native } from '../native.ts';

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

// What is to be put back in front; one pair of listeners serves all reactors of the thread.
const watching = new Set<Signals>();

function reassert(event: string | symbol): void {
  const signum = typeof event === 'string' ? NUMBERS[event] : undefined;
  if (signum === undefined) return;
  for (const signals of watching) if (signals.watches(signum)) native.reassertSignal(signum);
}

function watchListeners(signals: Signals): void {
  if (isMainThread && watching.size === 0) {
    process.on('newListener', reassert);
    process.on('removeListener', reassert);
  }
  watching.add(signals);
}

function unwatchListeners(signals: Signals): void {
  watching.delete(signals);
  if (watching.size > 0) return;
  process.off('newListener', reassert);
  process.off('removeListener', reassert);
}

/** The signals of one reactor. */
export class Signals {
  readonly #native: NativeSignals = new native.NativeSignals();
  readonly #handlers = new Map<number, Set<SignalEntry>>();
  readonly #pending = new Uint8Array(8);

  /** @throws ErrnoError - EMFILE, ENFILE; EAGAIN: 64 reactors of this process watch signals. */
  constructor() {
    check(this.#native.open(), 'pipe');
    watchListeners(this);
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

  /** @internal */
  watches(signum: number): boolean {
    return this.#handlers.has(signum);
  }

  /** Calls the handlers of the signals that came since the last time. */
  deliver(onError: (error: unknown) => void): void {
    this.#native.take(this.#pending);
    for (let signum = 1; signum <= this.#pending.length * BITS_PER_BYTE; signum++) {
      const byte = this.#pending[(signum - 1) >> 3] as number;
      if ((byte & (1 << ((signum - 1) & 7))) === 0) continue;
      for (const entry of [...(this.#handlers.get(signum) ?? [])]) entry.call(onError);
    }
  }

  /** Ends all subscriptions and gives the dispositions from before back. */
  close(): void {
    unwatchListeners(this);
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
