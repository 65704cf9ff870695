// The only file that loads the addon, and the types of all that it holds. Arguments go to it
// unchecked: native code takes only what is exactly right and answers REFUSED (src/validate.ts).
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { EdgewiseError } from './errors.ts';

/** Where the addon came from; `edgewise doctor` prints it. */
export type AddonOrigin = 'explicit' | 'local build' | 'prebuild';

interface Candidate {
  readonly origin: AddonOrigin;
  readonly path: string;
}

const SUPPORTED: readonly NodeJS.Platform[] = ['linux', 'darwin', 'freebsd', 'openbsd', 'netbsd'];

// Reads the process's own memory map: the musl loader stands in it when musl runs us.
function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');
  } catch {
    return false; // no /proc: glibc is the better guess, and a wrong one fails with a clear error
  }
}

function candidates(): Candidate[] {
  const explicit = process.env.EDGEWISE_ADDON;
  if (explicit !== undefined) return [{ origin: 'explicit', path: explicit }];
  const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
  const libc = isMusl() ? '-musl' : '';
  return [
    { origin: 'local build', path: root('build/Release/edgewise.node') },
    {
      origin: 'prebuild',
      path: root(`prebuilds/${process.platform}-${process.arch}${libc}/edgewise.node`),
    },
  ];
}

function load(): { native: Native; origin: AddonOrigin; path: string } {
  if (!SUPPORTED.includes(process.platform)) {
    throw new EdgewiseError(
      'ERR_PLATFORM_UNSUPPORTED',
      `edgewise runs on Linux, macOS and the BSDs, not on ${process.platform}`,
    );
  }
  const tried = candidates();
  const found = tried.find(({ path }) => existsSync(path));
  if (found === undefined) {
    throw new EdgewiseError(
      'ERR_ADDON_MISSING',
      `no edgewise addon for ${process.platform}-${process.arch}; looked at ` +
        `${tried.map(({ path }) => path).join(', ')}. Build it: see "Other platforms" in the README`,
    );
  }
  return { native: createRequire(import.meta.url)(found.path) as Native, ...found };
}

export interface Native extends SyscallBindings, PollerBindings {}

/** The functions behind `edgewise/sys`: >= 0, -errno, or REFUSED. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the sys layer
export interface SyscallBindings {}

/** A poller (native/addon/poller_wrap.h). Every function: >= 0, -errno, or REFUSED. */
export interface NativePoller {
  open(backend: number, memory: Uint8Array): number;
  close(): void;
  add(
    fd: number,
    slot: number,
    generation: number,
    interest: number,
    trigger: number,
    exclusive: number,
  ): number;
  modify(fd: number, slot: number, generation: number, interest: number, trigger: number): number;
  remove(fd: number): number;
  wait(timeoutMs: number): number;
  notify(): number;
  descriptor(): number;
  rebuild(): number;
}

/** Turns a reactor inside Node's loop (native/addon/loop_driver.cc). Under Node only. */
export interface NativeLoopDriver {
  /** mode 0: inverted (-EBUSY: the loop has one), 1: nested (-ENOTSUP: no descriptor). */
  attach(mode: number, dispatch: (count: number) => void): number;
  detach(): void;
  setReferenced(isReferenced: number): number;
  rewatch(): number;
}

/** An opaque handle of native/addon/signal_wrap.cc. */
export type NativeSignals = object & { readonly brand: 'NativeSignals' };

/** The functions behind Poller, Waker, signals and the drivers. */
export interface PollerBindings {
  readonly NativePoller: new () => NativePoller;
  readonly NativeLoopDriver: new (poller: NativePoller) => NativeLoopDriver;
  /** CLOCK_MONOTONIC in nanoseconds. */
  now(): number;
  /** Available back-ends (1 << number), the preferred one, nanosecond waits (0 or 1). */
  platformFacts(): [number, number, number];
  /** Triggers (1 << number), exclusive, has a descriptor, limit of numbers; or -errno. */
  capabilities(backend: number): [number, number, number, number] | number;
  /** Lets the host end a thread that blocks in this poller. Under Node only. */
  watchHostLoop(poller: NativePoller): number;
  createWaker(poller: NativePoller): number;
  takeWaker(id: number): number;
  wake(id: number): number;
  closeWaker(id: number): number;
  openSignals(): NativeSignals | number;
  signalFd(signals: NativeSignals): number;
  addSignal(signals: NativeSignals, signum: number): number;
  removeSignal(signals: NativeSignals, signum: number): number;
  takeSignals(signals: NativeSignals, into: Uint8Array): number;
  reassertSignal(signum: number): number;
  closeSignals(signals: NativeSignals): number;
}

const loaded = load();
export const native: Native = loaded.native;
export const addonOrigin: AddonOrigin = loaded.origin;
export const addonPath: string = loaded.path;
