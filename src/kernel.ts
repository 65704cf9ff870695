// The one place where calls of the kernel are watched or replaced: every layer calls `native`, so a
// function that is put there is obeyed by all of them at once, also by modules that were loaded
// before. Nothing is wrapped until it is asked for. It is of this thread: each has a `native` of its own.
import { type KernelCall, kernelCalls } from './kernel-calls.ts';
import { type AfterCall, type AnyFunction, wrapCall } from './kernel-wrap.ts';
import { type Native, type NativePoller, native } from './native.ts';
import { REFUSED } from './validate.ts';

/** Functions in place of those of `native`, and methods in place of those of its pollers. */
export type KernelPart = Partial<Native> & {
  readonly poller?: (Partial<NativePoller> & ThisType<NativePoller>) | undefined;
};

/** What is below a part: the functions of the kernel, and of what was installed before. */
export type KernelBelow = Native & { readonly poller: NativePoller };

/** Watches the calls of this thread. */
export interface KernelObserver {
  /**
   * A call has returned, of whatever layer. It must not throw; calls that it makes itself are not shown to it. The
   * waits of a reactor in Node's loop are made by native code, and are not seen here.
   *
   * @param fd - the descriptor it was made for; -1: for none.
   * @param result - what it returned: -errno for an error.
   * @param asked - bytes that were asked for; -1: none, or not known.
   * @param args - what it was called with. Their memory is the caller's.
   */
  onCall(
    call: KernelCall,
    fd: number,
    result: number,
    asked: number,
    ...args: readonly unknown[]
  ): void;
}

type Functions = Record<string, AnyFunction>;

interface Below {
  readonly functions: Functions;
  readonly methods: Functions;
}

interface Layer {
  readonly functions: Readonly<Functions>;
  readonly methods: Readonly<Functions>;
  readonly below: Below;
}

const layers: Layer[] = [];
const observers: KernelObserver[] = [];
const restores: (() => void)[] = [];
let isObserving = false;

/**
 * Calls `observer` after every call of the kernel, until the function that is returned is called.
 */
export function observeKernel(observer: KernelObserver): () => void {
  return addTo(observers, observer);
}

/**
 * Puts functions in place of the kernel's, above what was installed before, until the function that
 * is returned is called; in whatever order.
 *
 * @param kernel - the functions, or what makes them of those below. What it leaves out stays.
 */
export function installKernel(
  kernel: KernelPart | ((below: KernelBelow) => KernelPart),
): () => void {
  const below: Below = { functions: {}, methods: {} };
  copyKernel(below);
  const whole = Object.assign(below.functions, { poller: below.methods }) as unknown as KernelBelow;
  const part = typeof kernel === 'function' ? kernel(whole) : kernel;
  const { poller = {}, ...rest } = part;
  return addTo(layers, {
    functions: rest as Functions,
    methods: poller as Functions,
    below,
  });
}

/** Makes calls that no observer sees. */
export function unobserved<Result>(calls: () => Result): Result {
  const wasObserving = isObserving;
  isObserving = true;
  try {
    return calls();
  } finally {
    isObserving = wasObserving;
  }
}

function addTo<T>(list: T[], entry: T): () => void {
  list.push(entry);
  rebuild();
  return () => {
    const at = list.indexOf(entry);
    if (at < 0) return;
    list.splice(at, 1);
    rebuild();
  };
}

function rebuild(): void {
  for (const restore of restores.splice(0).reverse()) restore();
  for (const layer of layers) {
    copyKernel(layer.below);
    replaceAll(native as unknown as Functions, layer.functions);
    replaceAll(pollerMethods(), layer.methods);
  }
  if (observers.length === 0) return;
  for (const call of kernelCalls) {
    const [first = '', method] = call.name.split('.');
    const target = method === undefined ? (native as unknown as Functions) : pollerMethods();
    const key = method ?? first;
    if (target[key] !== undefined) replace(target, key, wrapCall(call, target[key], notify));
  }
}

function pollerMethods(): Functions {
  return native.NativePoller.prototype as unknown as Functions;
}

// A part calls what was there before it, whatever is put above it later.
function copyKernel({ functions, methods }: Below): void {
  for (const name in native)
    functions[name] = (native as unknown as Functions)[name] as AnyFunction;
  const prototype = pollerMethods();
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') methods[name] = prototype[name] as AnyFunction;
  }
}

function replaceAll(target: Functions, functions: Readonly<Functions>): void {
  for (const [key, value] of Object.entries(functions)) replace(target, key, value);
}

// The old value is put back, and not uncovered by a `delete`, which would make `native` a dictionary.
function replace(target: Functions, key: string, value: AnyFunction): void {
  const old = target[key];
  const put = (what: AnyFunction | undefined) =>
    Object.defineProperty(target, key, {
      value: what,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  restores.push(() => put(old));
  put(value);
}

const notify: AfterCall = (call, result, a, b, c, d, e) => {
  // What was not what it asks for has not reached the kernel.
  if (isObserving || result === REFUSED) return result;
  isObserving = true;
  try {
    const { fdAt } = call;
    const fd = fdAt < 0 ? -1 : ((fdAt === 0 ? a : fdAt === 1 ? b : c) as number);
    const answer = typeof result === 'number' ? result : 0;
    const asked = call.askedOf(a, b, c, d, e);
    for (const observer of observers) observer.onCall(call, fd, answer, asked, a, b, c, d, e);
  } finally {
    isObserving = false;
  }
  return result;
};
