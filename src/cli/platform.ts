// What this platform has, asked of the addon: the material of `edgewise doctor`.
import { BACKENDS, type Backend, TRIGGERS, type Trigger } from '../interest.ts';
import { native } from '../native.ts';

export interface BackendDescription {
  readonly name: Backend;
  readonly isPreferred: boolean;
  readonly triggers: readonly Trigger[];
  /** Wakes one of many pollers that share a descriptor. */
  readonly isExclusive: boolean;
  /** Descriptors must be below it; 0: no limit of its own. */
  readonly fdLimit: number;
}

export interface PlatformDescription {
  readonly backends: readonly BackendDescription[];
  /** Whether a wait takes nanoseconds (epoll_pwait2, kevent); else whole milliseconds. */
  readonly hasNanosecondWait: boolean;
  /** Which driver `attach()` tries first; null: this runtime has no libuv to attach to. */
  readonly attachDriver: 'inverted' | null;
}

// The two functions of native/addon/poller_wrap.cc that tell: numbers, in the order given there.
interface PlatformBindings {
  platformFacts(): [availableBits: number, preferred: number, hasNanosecondWait: number];
  capabilities(
    backend: number,
  ): [triggerBits: number, exclusive: number, hasDescriptor: number, fdLimit: number];
}

export function describePlatform(): PlatformDescription {
  const bindings = native as unknown as PlatformBindings;
  const [availableBits, preferred, hasNanosecondWait] = bindings.platformFacts();
  const backends = BACKENDS.flatMap((name, index): BackendDescription[] => {
    if ((availableBits & (1 << index)) === 0) return [];
    const [triggerBits, exclusive, , fdLimit] = bindings.capabilities(index);
    const triggers = TRIGGERS.filter((_, bit) => (triggerBits & (1 << bit)) !== 0);
    const isPreferred = index === preferred;
    return [{ name, isPreferred, triggers, isExclusive: exclusive === 1, fdLimit }];
  });
  const isNode = !('bun' in process.versions || 'deno' in process.versions);
  return {
    backends,
    hasNanosecondWait: hasNanosecondWait === 1,
    attachDriver: isNode ? 'inverted' : null,
  };
}
